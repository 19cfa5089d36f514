//! The versions of CPython that are modelled, and the one table of what differs between them.
//!
//! Nothing else in the crate compares versions: code asks the fields of [`Facts`]. Two things differ. *Where* a thread may
//! lose the GIL ([`DropRule`]), read off the evaluation loop; and *what* a statement compiles to ([`Shape`]), read off the
//! compiler. Every row names the file and function it was read from, with the bpo or gh number of the change where there is one.
//!
//! The loop is taken to be warm. From 3.11 on, an instruction is specialised after a handful of executions (PEP 659), and a
//! specialised `len()` no longer looks at the eval breaker where the general `CALL` did. An update that could be lost only
//! in those first iterations is not reported.

use std::{fmt, str::FromStr, time::Duration};

use thiserror::Error;

/// A version of CPython; a `t` stands for the free-threaded build (PEP 703).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// Python 2.7: the old GIL, counted in ticks.
    V2_7,
    /// Python 3.6.
    V3_6,
    /// Python 3.7.
    V3_7,
    /// Python 3.8.
    V3_8,
    /// Python 3.9.
    V3_9,
    /// Python 3.10: the eval breaker is looked at in a few places only (bpo-29988, bpo-42693).
    V3_10,
    /// Python 3.11: the specialising interpreter (PEP 659).
    V3_11,
    /// Python 3.12: inlined comprehensions (PEP 709), a GIL per interpreter (PEP 684).
    V3_12,
    /// Python 3.13: the drop request is a bit of the holder's thread state (gh-112175).
    V3_13,
    /// Python 3.13, free-threaded.
    V3_13t,
    /// Python 3.14.
    V3_14,
    /// Python 3.14, free-threaded.
    V3_14t,
}

/// The text does not name a version that is modelled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("no model of cpython {given:?}: choose one of {}", known())]
pub struct UnknownVersion {
    /// What was given.
    pub given: String,
}

fn known() -> String {
    Version::ALL.map(Version::name).join(", ")
}

impl Version {
    /// Every version that is modelled, oldest first, a free-threaded build after its namesake.
    pub const ALL: [Self; 12] = [
        Self::V2_7,
        Self::V3_6,
        Self::V3_7,
        Self::V3_8,
        Self::V3_9,
        Self::V3_10,
        Self::V3_11,
        Self::V3_12,
        Self::V3_13,
        Self::V3_13t,
        Self::V3_14,
        Self::V3_14t,
    ];

    /// As it is written on a command line: `3.13t`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2_7 => "2.7",
            Self::V3_6 => "3.6",
            Self::V3_7 => "3.7",
            Self::V3_8 => "3.8",
            Self::V3_9 => "3.9",
            Self::V3_10 => "3.10",
            Self::V3_11 => "3.11",
            Self::V3_12 => "3.12",
            Self::V3_13 => "3.13",
            Self::V3_13t => "3.13t",
            Self::V3_14 => "3.14",
            Self::V3_14t => "3.14t",
        }
    }

    /// The newest version whose default build has a GIL.
    #[must_use]
    pub const fn newest_with_gil() -> Self {
        Self::V3_14
    }

    /// Whether this build has a GIL.
    #[must_use]
    pub fn has_gil(self) -> bool {
        self.facts().hand_off != HandOff::NoGil
    }

    /// This version's row of the table.
    #[must_use]
    pub fn facts(self) -> &'static Facts {
        match self {
            Self::V2_7 => &PY27,
            Self::V3_6 => &PY36,
            Self::V3_7 => &PY37,
            Self::V3_8 => &PY38,
            Self::V3_9 => &PY39,
            Self::V3_10 => &PY310,
            Self::V3_11 => &PY311,
            Self::V3_12 => &PY312,
            Self::V3_13 => &PY313,
            Self::V3_13t => &PY313T,
            Self::V3_14 => &PY314,
            Self::V3_14t => &PY314T,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL
            .into_iter()
            .find(|version| version.name() == text.trim())
            .ok_or_else(|| UnknownVersion { given: text.to_owned() })
    }
}

/// How the GIL passes from one thread to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOff {
    /// Released and re-acquired at once after so many ticks; whoever is faster has it (`ceval.c`, `_Py_Ticker`).
    Ticks(u32),
    /// A waiter asks for it after this interval; who drops it then waits until another thread has taken it
    /// (`ceval_gil.h`, `take_gil` and `drop_gil`, `FORCE_SWITCHING`).
    Interval(Duration),
    /// There is no GIL.
    NoGil,
}

/// When, after an instruction, the eval breaker (2.7: the ticker) is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Never.
    Never,
    /// Each time.
    Always,
    /// When the jump was taken.
    Taken,
    /// When the tested value was neither `True` nor `False`.
    NotBool,
    /// After a call of anything but a Python function, except for the callables in [`DropRule::silent_calls`].
    Call,
}

/// Where a thread may lose the GIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropRule {
    /// What holds for an opcode that is not in `exceptions`.
    pub default: Check,
    /// Opcodes of their own kind.
    pub exceptions: &'static [(&'static str, Check)],
    /// No drop directly before one of these opcodes, so that what they guard is not skipped.
    pub deferred_before: &'static [&'static str],
    /// Whether a Python function's frame looks before its first instruction (from 3.11 on `RESUME` does it).
    pub frame_entry: bool,
    /// Whether the calling instruction looks once a Python function has returned (from 3.11 on no C frame is left to do so).
    pub after_return: bool,
    /// Builtins whose specialised call does not look, with the number of arguments for which it is specialised.
    pub silent_calls: &'static [(&'static str, usize)],
}

impl DropRule {
    /// When the eval breaker is looked at after `opcode`, CPython's name for it.
    #[must_use]
    pub fn check(&self, opcode: &str) -> Check {
        self.exceptions.iter().find(|(name, _)| *name == opcode).map_or(self.default, |&(_, check)| check)
    }
}

/// What a list comprehension is compiled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comprehension {
    /// A loop in the surrounding function, whose variable stays behind.
    Leaking,
    /// A function of its own, called at once.
    Function,
    /// A loop in the surrounding function with a variable of its own (PEP 709).
    Inlined,
}

/// What guards the block of a `try … finally`, and what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finally {
    /// `SETUP_FINALLY`, `POP_BLOCK`, `LOAD_CONST None`, `END_FINALLY`.
    EndFinally,
    /// `SETUP_FINALLY`, `POP_BLOCK`, `BEGIN_FINALLY`, `END_FINALLY` (bpo-17611).
    BeginFinally,
    /// `SETUP_FINALLY`, `POP_BLOCK`; the clause is copied to each way out (bpo-33387).
    Block,
    /// Nothing: a table of exceptions (bpo-40222).
    Table,
}

/// How a `with` block is entered and left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// `SETUP_WITH` … `POP_BLOCK`, `LOAD_CONST None`, `WITH_CLEANUP`, `END_FINALLY`.
    Cleanup,
    /// `SETUP_WITH` … `POP_BLOCK`, `LOAD_CONST None`, `WITH_CLEANUP_START`, `WITH_CLEANUP_FINISH`, `END_FINALLY`.
    CleanupStart,
    /// As before, with `BEGIN_FINALLY` for the constant.
    BeginFinally,
    /// `SETUP_WITH` … `POP_BLOCK` and a call of `__exit__` with three times `None`.
    SetupWith,
    /// `BEFORE_WITH` … and that call.
    BeforeWith,
    /// `LOAD_SPECIAL` twice and a call of `__enter__` … and that call (gh-120507).
    LoadSpecial,
}

/// How a call is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `CALL_FUNCTION`.
    CallFunction,
    /// `PRECALL`, `CALL`.
    Precall,
    /// `CALL`.
    Call,
}

/// How jumps are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jumps {
    /// `JUMP_FORWARD`, `JUMP_ABSOLUTE`, `POP_JUMP_IF_*` to anywhere.
    Absolute,
    /// Each jump with its direction in its name (bpo-46072).
    Directed,
    /// Conditional jumps go forward only; `JUMP_BACKWARD` is the one that goes back (gh-98831).
    ForwardOnly,
}

/// What stands where a `for` loop is left at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopEnd {
    /// Nothing.
    Nothing,
    /// `END_FOR`.
    EndFor,
    /// `END_FOR`, `POP_TOP`.
    EndForPopTop,
    /// `END_FOR`, `POP_ITER`.
    EndForPopIter,
}

/// What statements compile to, and what the language itself did differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, by name")]
pub struct Shape {
    /// `SETUP_LOOP` … `POP_BLOCK` around a loop, `BREAK_LOOP` to leave it (gone with bpo-17611).
    pub setup_loop: bool,
    /// The test of a `while` stands a second time at the loop's end, so that a drop falls between test and body
    /// (`compiler_while`, bpo-42615; gone with 3.14's `codegen_while`).
    pub while_test_at_end: bool,
    /// What a list comprehension is compiled to.
    pub comprehension: Comprehension,
    /// What guards a `try … finally`.
    pub finally: Finally,
    /// How a `with` block is entered and left.
    pub with: With,
    /// How a call is spelt.
    pub call: Call,
    /// How jumps are spelt.
    pub jumps: Jumps,
    /// What ends a `for` loop.
    pub loop_end: LoopEnd,
    /// `BINARY_OP` with an argument for `BINARY_ADD`, `INPLACE_ADD` and so on (bpo-45256).
    pub binary_op: bool,
    /// `BINARY_OP []` for `BINARY_SUBSCR` (gh-100239).
    pub subscript_is_binary_op: bool,
    /// `COPY` and `SWAP` for `DUP_TOP` and `ROT_TWO` (bpo-46841 and relatives).
    pub copy_and_swap: bool,
    /// `JUMP_IF_FALSE_OR_POP` for the value of `and` and `or`; else a copy and a popping jump (gh-100758).
    pub jump_or_pop: bool,
    /// `TO_BOOL` before a test (gh-102859).
    pub to_bool: bool,
    /// `IS_OP` and `CONTAINS_OP` apart from `COMPARE_OP` (bpo-39156).
    pub is_op: bool,
    /// A jump of its own for `is None` (bpo-46528 and relatives).
    pub jump_if_none: bool,
    /// `RETURN_CONST` (gh-101632).
    pub return_const: bool,
    /// `LOAD_SMALL_INT` (gh-101878 and relatives).
    pub load_small_int: bool,
    /// `RESUME` begins a function (bpo-46764 and relatives).
    pub resume: bool,
    /// `print` is a statement, `True` and `False` are globals, `/` of integers floors, `range()` is a list, `xrange()`
    /// exists and numbers have no underscores: Python 2.
    pub python2: bool,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where a thread may lose the GIL.
    pub drop: DropRule,
    /// How it passes to another thread.
    pub hand_off: HandOff,
    /// What statements compile to.
    pub shape: Shape,
    /// Where in CPython's sources `drop` and `shape` were read.
    pub source: &'static str,
}

/// The default switch interval (`ceval_gil.h`, `DEFAULT_INTERVAL`), 5 ms in every version that has one.
pub const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

/// Opcodes that end in `FAST_DISPATCH()` and the conditional jumps, which do so for `True` and `False`.
///
/// All builds here use computed gotos, with which `PREDICT()` is switched off: a pair such as `COMPARE_OP`,
/// `POP_JUMP_IF_FALSE` is not fused, and the first of the two looks.
const FAST_DISPATCH: &[(&str, Check)] = &[
    ("NOP", Check::Never),
    ("LOAD_FAST", Check::Never),
    ("LOAD_CONST", Check::Never),
    ("STORE_FAST", Check::Never),
    ("POP_TOP", Check::Never),
    ("ROT_TWO", Check::Never),
    ("ROT_THREE", Check::Never),
    ("ROT_FOUR", Check::Never),
    ("DUP_TOP", Check::Never),
    ("DUP_TOP_TWO", Check::Never),
    ("DUP_TOPX", Check::Never),
    ("JUMP_FORWARD", Check::Never),
    ("POP_JUMP_IF_FALSE", Check::NotBool),
    ("POP_JUMP_IF_TRUE", Check::NotBool),
    ("JUMP_IF_FALSE_OR_POP", Check::NotBool),
    ("JUMP_IF_TRUE_OR_POP", Check::NotBool),
    // The way into a Python function is looked at by the frame itself, the way out by `after_return`.
    ("RETURN_VALUE", Check::Never),
];

/// As [`FAST_DISPATCH`], with the two opcodes that 3.9 took out of `COMPARE_OP`.
const FAST_DISPATCH_39: &[(&str, Check)] = &[
    ("NOP", Check::Never),
    ("LOAD_FAST", Check::Never),
    ("LOAD_CONST", Check::Never),
    ("STORE_FAST", Check::Never),
    ("POP_TOP", Check::Never),
    ("ROT_TWO", Check::Never),
    ("ROT_THREE", Check::Never),
    ("ROT_FOUR", Check::Never),
    ("DUP_TOP", Check::Never),
    ("DUP_TOP_TWO", Check::Never),
    ("JUMP_FORWARD", Check::Never),
    ("IS_OP", Check::Never),
    ("CONTAINS_OP", Check::Never),
    ("POP_JUMP_IF_FALSE", Check::NotBool),
    ("POP_JUMP_IF_TRUE", Check::NotBool),
    ("JUMP_IF_FALSE_OR_POP", Check::NotBool),
    ("JUMP_IF_TRUE_OR_POP", Check::NotBool),
    ("RETURN_VALUE", Check::Never),
];

/// Calls that a specialised instruction makes without a look at the eval breaker.
const SILENT: &[(&str, usize)] = &[("len", 1), ("isinstance", 2), ("type", 1)];

const PY27: Facts = Facts {
    drop: DropRule {
        default: Check::Always,
        exceptions: FAST_DISPATCH,
        deferred_before: &["SETUP_FINALLY"],
        frame_entry: true,
        after_return: true,
        silent_calls: &[],
    },
    hand_off: HandOff::Ticks(100),
    shape: Shape {
        setup_loop: true,
        while_test_at_end: false,
        comprehension: Comprehension::Leaking,
        finally: Finally::EndFinally,
        with: With::Cleanup,
        call: Call::CallFunction,
        jumps: Jumps::Absolute,
        loop_end: LoopEnd::Nothing,
        binary_op: false,
        subscript_is_binary_op: false,
        copy_and_swap: false,
        jump_or_pop: true,
        to_bool: false,
        is_op: false,
        jump_if_none: false,
        return_const: false,
        load_small_int: false,
        resume: false,
        python2: true,
    },
    source: "2.7.18 Python/ceval.c PyEval_EvalFrameEx: DISPATCH, FAST_DISPATCH, _Py_Ticker; Python/compile.c",
};

const PY36: Facts = Facts {
    hand_off: HandOff::Interval(SWITCH_INTERVAL),
    shape: Shape {
        comprehension: Comprehension::Function,
        with: With::CleanupStart,
        python2: false,
        ..PY27.shape
    },
    source: "3.6 Python/ceval.c _PyEval_EvalFrameDefault: DISPATCH, FAST_DISPATCH, eval_breaker; Python/compile.c",
    ..PY27
};

const PY37: Facts = Facts {
    drop: DropRule { deferred_before: &["SETUP_FINALLY", "YIELD_FROM"], ..PY36.drop },
    source: "3.7 Python/ceval.c _PyEval_EvalFrameDefault, the comment at eval_breaker; Python/compile.c",
    ..PY36
};

const PY38: Facts = Facts {
    drop: DropRule { deferred_before: DEFERRED_38, ..PY37.drop },
    shape: Shape {
        setup_loop: false,
        finally: Finally::BeginFinally,
        with: With::BeginFinally,
        ..PY37.shape
    },
    source: "3.8 Python/ceval.c _PyEval_EvalFrameDefault; Python/compile.c (bpo-17611)",
    ..PY37
};

/// bpo-29988: a `with` block must not be entered halfway.
const DEFERRED_38: &[&str] = &["SETUP_FINALLY", "SETUP_WITH", "BEFORE_ASYNC_WITH", "YIELD_FROM"];

const PY39: Facts = Facts {
    drop: DropRule { exceptions: FAST_DISPATCH_39, ..PY38.drop },
    shape: Shape { finally: Finally::Block, with: With::SetupWith, is_op: true, ..PY38.shape },
    source: "3.9 Python/ceval.c _PyEval_EvalFrameDefault; Python/compile.c (bpo-33387, bpo-39156)",
    ..PY38
};

const PY310: Facts = Facts {
    drop: DropRule {
        default: Check::Never,
        exceptions: &[
            ("CALL_FUNCTION", Check::Call),
            ("JUMP_ABSOLUTE", Check::Always),
            ("POP_JUMP_IF_FALSE", Check::Taken),
            ("POP_JUMP_IF_TRUE", Check::Taken),
        ],
        deferred_before: DEFERRED_38,
        frame_entry: true,
        after_return: true,
        silent_calls: &[],
    },
    shape: Shape { while_test_at_end: true, ..PY39.shape },
    source: "3.10 Python/ceval.c CHECK_EVAL_BREAKER (bpo-42693); Python/compile.c compiler_while, optimize_basic_block",
    ..PY39
};

const PY311: Facts = Facts {
    drop: DropRule {
        default: Check::Never,
        exceptions: &[
            ("RESUME", Check::Always),
            ("CALL", Check::Call),
            ("JUMP_BACKWARD", Check::Always),
            ("POP_JUMP_BACKWARD_IF_FALSE", Check::Taken),
            ("POP_JUMP_BACKWARD_IF_TRUE", Check::Taken),
            ("POP_JUMP_BACKWARD_IF_NONE", Check::Taken),
            ("POP_JUMP_BACKWARD_IF_NOT_NONE", Check::Taken),
        ],
        deferred_before: &[],
        frame_entry: false,
        after_return: false,
        silent_calls: SILENT,
    },
    shape: Shape {
        finally: Finally::Table,
        with: With::BeforeWith,
        call: Call::Precall,
        jumps: Jumps::Directed,
        binary_op: true,
        copy_and_swap: true,
        jump_if_none: true,
        resume: true,
        ..PY310.shape
    },
    source: "3.11 Python/ceval.c CHECK_EVAL_BREAKER, PRECALL_NO_KW_LEN, _ISINSTANCE, _TYPE_1; Python/specialize.c (PEP 659)",
    ..PY310
};

const PY312: Facts = Facts {
    drop: DropRule {
        exceptions: &[("RESUME", Check::Always), ("CALL", Check::Call), ("JUMP_BACKWARD", Check::Always)],
        ..PY311.drop
    },
    shape: Shape {
        comprehension: Comprehension::Inlined,
        call: Call::Call,
        jumps: Jumps::ForwardOnly,
        loop_end: LoopEnd::EndFor,
        jump_or_pop: false,
        return_const: true,
        ..PY311.shape
    },
    source: "3.12 Python/bytecodes.c CHECK_EVAL_BREAKER, CALL_NO_KW_LEN, _ISINSTANCE, _TYPE_1; Python/compile.c (PEP 709)",
    ..PY311
};

const PY313: Facts = Facts {
    shape: Shape { loop_end: LoopEnd::EndForPopTop, to_bool: true, ..PY312.shape },
    source: "3.13 Python/bytecodes.c _CHECK_PERIODIC, CALL_LEN, CALL_ISINSTANCE, CALL_TYPE_1 (gh-112175); Python/compile.c",
    ..PY312
};

const PY313T: Facts =
    Facts { hand_off: HandOff::NoGil, source: "3.13 configure --disable-gil (PEP 703)", ..PY313 };

const PY314: Facts = Facts {
    shape: Shape {
        while_test_at_end: false,
        with: With::LoadSpecial,
        loop_end: LoopEnd::EndForPopIter,
        subscript_is_binary_op: true,
        return_const: false,
        load_small_int: true,
        ..PY313.shape
    },
    source: "3.14 Python/bytecodes.c _CHECK_PERIODIC; Python/codegen.c codegen_while, codegen_with_inner",
    ..PY313
};

const PY314T: Facts =
    Facts { hand_off: HandOff::NoGil, source: "3.14 configure --disable-gil (PEP 779)", ..PY314 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_version() {
        for version in Version::ALL {
            assert_eq!(version.name().parse(), Ok(version));
            assert_eq!(version.has_gil(), !version.name().ends_with('t'));
        }
    }

    #[test]
    fn an_unknown_version_is_answered_with_the_known_ones() {
        let error = "3.5".parse::<Version>().unwrap_err().to_string();
        assert!(
            error.contains("\"3.5\"") && error.contains("2.7, 3.6") && error.contains("3.14t"),
            "{error}"
        );
    }

    #[test]
    fn the_newest_with_a_gil_has_one_and_none_newer_has() {
        let newest = Version::newest_with_gil();
        assert!(newest.has_gil());
        assert!(Version::ALL.into_iter().all(|version| version <= newest || !version.has_gil()));
    }
}
