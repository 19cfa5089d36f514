//! The rows: each says what differs from the row before it, and where in CPython's sources that was read.

use super::{
    drop_rule::{Check, DropRule, InitCall, SpreadCall},
    facts::{Facts, HandOff, SWITCH_INTERVAL, StartMethod},
    messages::Messages,
    shape::{Call, Comprehension, Finally, Handlers, Jumps, KeywordCall, LoopEnd, Shape, With},
};

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

/// The two opcodes that 3.9 took out of `COMPARE_OP`.
const TESTS_39: &[(&str, Check)] = &[("IS_OP", Check::Never), ("CONTAINS_OP", Check::Never)];

/// Calls that a specialised instruction makes without a look at the eval breaker.
const SILENT: &[(&str, usize)] = &[("len", 1), ("isinstance", 2), ("type", 1), ("list.append", 1)];

pub(super) const PY27: Facts = Facts {
    drop: DropRule {
        default: Check::Always,
        exceptions: &[FAST_DISPATCH],
        deferred_before: &["SETUP_FINALLY"],
        frame_entry: true,
        after_return: true,
        after_exception: true,
        silent_after: &[],
        silent_calls: &[],
        spread: SpreadCall::ThroughC,
        init: InitCall::ThroughC,
    },
    hand_off: HandOff::Ticks(100),
    shape: Shape {
        setup_loop: true,
        value_before_key: true,
        while_test_at_end: false,
        comprehension: Comprehension::Leaking,
        finally: Finally::EndFinally,
        with: With::Cleanup,
        call: Call::CallFunction,
        keyword_call: KeywordCall::CallFunction,
        load_method: false,
        format_simple: false,
        jumps: Jumps::Absolute,
        handlers: Handlers::InPlace,
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
        common_constants: false,
        consumes_in_place: false,
        missing_keeps_what_is_there: false,
        compensated_sum: false,
        resume: false,
        python2: true,
        peephole: true,
        precise_lines: false,
    },
    messages: Messages::PY27,
    start_method: StartMethod::Fork,
    source: "2.7.18 Python/ceval.c PyEval_EvalFrameEx: DISPATCH, FAST_DISPATCH, _Py_Ticker; Python/compile.c",
};

pub(super) const PY36: Facts = Facts {
    hand_off: HandOff::Interval(SWITCH_INTERVAL),
    shape: Shape {
        comprehension: Comprehension::Function,
        keyword_call: KeywordCall::CallFunctionKw,
        with: With::CleanupStart,
        python2: false,
        ..PY27.shape
    },
    messages: Messages::PY36,
    source: "3.6 Python/ceval.c _PyEval_EvalFrameDefault: DISPATCH, FAST_DISPATCH, eval_breaker; Python/compile.c",
    ..PY27
};

pub(super) const PY37: Facts = Facts {
    drop: DropRule { deferred_before: &["SETUP_FINALLY", "YIELD_FROM"], ..PY36.drop },
    shape: Shape { load_method: true, peephole: false, ..PY36.shape },
    messages: Messages::PY37,
    source: "3.7 Python/ceval.c _PyEval_EvalFrameDefault, the comment at eval_breaker; Python/compile.c",
    ..PY36
};

pub(super) const PY38: Facts = Facts {
    drop: DropRule { deferred_before: DEFERRED_38, ..PY37.drop },
    shape: Shape {
        setup_loop: false,
        value_before_key: false,
        finally: Finally::BeginFinally,
        with: With::BeginFinally,
        ..PY37.shape
    },
    messages: Messages::PY38,
    source: "3.8 Python/ceval.c _PyEval_EvalFrameDefault; Python/compile.c (bpo-17611)",
    ..PY37
};

/// bpo-29988: a `with` block must not be entered halfway.
const DEFERRED_38: &[&str] = &["SETUP_FINALLY", "SETUP_WITH", "BEFORE_ASYNC_WITH", "YIELD_FROM"];

pub(super) const PY39: Facts = Facts {
    drop: DropRule { exceptions: &[FAST_DISPATCH, TESTS_39], ..PY38.drop },
    shape: Shape { finally: Finally::Block, with: With::SetupWith, is_op: true, ..PY38.shape },
    messages: Messages::PY39,
    source: "3.9 Python/ceval.c _PyEval_EvalFrameDefault; Python/compile.c (bpo-33387, bpo-39156)",
    ..PY38
};

pub(super) const PY310: Facts = Facts {
    drop: DropRule {
        default: Check::Never,
        exceptions: &[&[
            ("CALL_FUNCTION", Check::Call),
            ("CALL_FUNCTION_KW", Check::Call),
            ("CALL_FUNCTION_EX", Check::Call),
            ("CALL_METHOD", Check::Call),
            ("JUMP_ABSOLUTE", Check::Always),
            ("POP_JUMP_IF_FALSE", Check::Taken),
            ("POP_JUMP_IF_TRUE", Check::Taken),
        ]],
        deferred_before: DEFERRED_38,
        frame_entry: true,
        after_return: true,
        after_exception: true,
        silent_after: &[],
        silent_calls: &[],
        spread: SpreadCall::ThroughC,
        init: InitCall::ThroughC,
    },
    shape: Shape { while_test_at_end: true, precise_lines: true, ..PY39.shape },
    messages: Messages::PY310,
    source: "3.10 Python/ceval.c CHECK_EVAL_BREAKER (bpo-42693); Python/compile.c compiler_while, optimize_basic_block",
    ..PY39
};

pub(super) const PY311: Facts = Facts {
    drop: DropRule {
        default: Check::Never,
        exceptions: &[&[
            ("RESUME", Check::Always),
            ("CALL", Check::Call),
            ("CALL_FUNCTION_EX", Check::Call),
            ("JUMP_BACKWARD", Check::Always),
            ("POP_JUMP_BACKWARD_IF_FALSE", Check::Taken),
            ("POP_JUMP_BACKWARD_IF_TRUE", Check::Taken),
            ("POP_JUMP_BACKWARD_IF_NONE", Check::Taken),
            ("POP_JUMP_BACKWARD_IF_NOT_NONE", Check::Taken),
        ]],
        deferred_before: &[],
        frame_entry: false,
        after_return: false,
        after_exception: false,
        silent_after: &[],
        silent_calls: SILENT,
        spread: SpreadCall::ThroughC,
        init: InitCall::ThroughC,
    },
    shape: Shape {
        finally: Finally::Table,
        with: With::BeforeWith,
        call: Call::Precall,
        keyword_call: KeywordCall::KwNames,
        jumps: Jumps::Directed,
        binary_op: true,
        copy_and_swap: true,
        jump_if_none: true,
        resume: true,
        ..PY310.shape
    },
    messages: Messages::PY311,
    source: "3.11 Python/ceval.c CHECK_EVAL_BREAKER, PRECALL_NO_KW_LEN, _ISINSTANCE, _TYPE_1; Python/specialize.c (PEP 659)",
    ..PY310
};

pub(super) const PY312: Facts = Facts {
    drop: DropRule {
        spread: SpreadCall::Entered,
        exceptions: &[&[
            ("RESUME", Check::Always),
            ("CALL", Check::Call),
            ("CALL_FUNCTION_EX", Check::Call),
            ("JUMP_BACKWARD", Check::Always),
        ]],
        ..PY311.drop
    },
    shape: Shape {
        comprehension: Comprehension::Inlined,
        compensated_sum: true,
        call: Call::Call,
        load_method: false,
        jumps: Jumps::ForwardOnly,
        handlers: Handlers::AtEnd,
        loop_end: LoopEnd::EndFor,
        jump_or_pop: false,
        return_const: true,
        ..PY311.shape
    },
    messages: Messages::PY312,
    source: "3.12 Python/bytecodes.c CHECK_EVAL_BREAKER, CALL_NO_KW_LEN, _ISINSTANCE, _TYPE_1; Python/compile.c (PEP 709); \
             Python/flowgraph.c push_cold_blocks_to_end, inline_small_exit_blocks",
    ..PY311
};

pub(super) const PY313: Facts = Facts {
    drop: DropRule {
        init: InitCall::IfExact,
        exceptions: &[&[
            ("RESUME", Check::Always),
            ("CALL", Check::Call),
            ("CALL_KW", Check::Call),
            ("CALL_FUNCTION_EX", Check::Call),
            ("JUMP_BACKWARD", Check::Always),
        ]],
        ..PY312.drop
    },
    shape: Shape {
        handlers: Handlers::AtEndNoInterrupt,
        loop_end: LoopEnd::EndForPopTop,
        to_bool: true,
        keyword_call: KeywordCall::CallKw,
        format_simple: true,
        ..PY312.shape
    },
    messages: Messages::PY313,
    source: "3.13 Python/bytecodes.c _CHECK_PERIODIC, CALL_LEN, CALL_ISINSTANCE, CALL_TYPE_1 (gh-112175), CALL_ALLOC_AND_ENTER_INIT; \
             Python/specialize.c specialize_class_call; Python/compile.c compiler_try_except",
    ..PY312
};

pub(super) const PY313T: Facts =
    Facts { hand_off: HandOff::NoGil, source: "3.13 configure --disable-gil (PEP 703)", ..PY313 };

pub(super) const PY314: Facts = Facts {
    drop: DropRule { init: InitCall::Entered, ..PY313.drop },
    shape: Shape {
        while_test_at_end: false,
        with: With::LoadSpecial,
        loop_end: LoopEnd::EndForPopIter,
        subscript_is_binary_op: true,
        return_const: false,
        load_small_int: true,
        consumes_in_place: true,
        missing_keeps_what_is_there: true,
        ..PY313.shape
    },
    messages: Messages::PY314,
    // What's New In Python 3.14, multiprocessing (gh-84559).
    start_method: StartMethod::ForkServer,
    source: "3.14 Python/bytecodes.c _CHECK_PERIODIC; Python/codegen.c codegen_while, codegen_with_inner, maybe_optimize_function_call; \
             Lib/multiprocessing/context.py (gh-84559)",
    ..PY313
};

pub(super) const PY314T: Facts =
    Facts { hand_off: HandOff::NoGil, source: "3.14 configure --disable-gil (PEP 779)", ..PY314 };

pub(super) const PY315: Facts = Facts {
    drop: DropRule { silent_after: &["LOAD_SPECIAL"], ..PY314.drop },
    shape: Shape { common_constants: true, ..PY314.shape },
    messages: Messages::PY315,
    source: "3.15 Python/ceval_macros.h check_periodics_at_end (gh-150911, gh-154830); Python/codegen.c",
    ..PY314
};

pub(super) const PY315T: Facts =
    Facts { hand_off: HandOff::NoGil, source: "3.15 configure --disable-gil (PEP 779)", ..PY315 };
