//! What statements compile to.

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

/// How a call with keywords is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeywordCall {
    /// `CALL_FUNCTION`.
    CallFunction,
    /// `CALL_FUNCTION_KW`.
    CallFunctionKw,
    /// `KW_NAMES` before the call.
    KwNames,
    /// `CALL_KW`.
    CallKw,
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

/// Where what only an exception leads to stands, and how it leads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handlers {
    /// Where it is written.
    InPlace,
    /// Behind the rest of the function: what follows it is reached by a `JUMP_BACKWARD`.
    AtEnd,
    /// The same, by a `JUMP_BACKWARD_NO_INTERRUPT`, unless a `break` or a `continue` leads back.
    AtEndNoInterrupt,
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
    /// A dict comprehension evaluates the value before the key (up to 3.7; PEP 572).
    pub value_before_key: bool,
    /// The test of a `while` stands a second time at the loop's end, so that a drop falls between test and body
    /// (`compiler_while`, bpo-42615; gone with 3.14's `codegen_while`).
    pub while_test_at_end: bool,
    /// What a list comprehension is compiled to.
    pub comprehension: Comprehension,
    /// What guards a `try … finally`.
    pub finally: Finally,
    /// How a `with` block is entered and left.
    pub with: With,
    /// The peephole optimizer works out constants, and keeps short ones only.
    pub peephole: bool,
    /// Each line that is run has an instruction, if only a `NOP`, and what leaves a `with` block has the line of the `with`, not that of the
    /// block's last statement (PEP 626).
    pub precise_lines: bool,
    /// How a call is spelt.
    pub call: Call,
    /// How a call with keywords is spelt.
    pub keyword_call: KeywordCall,
    /// `LOAD_METHOD`, and `CALL_METHOD` where there is a `CALL_FUNCTION` (bpo-26110; gone with gh-93429).
    pub load_method: bool,
    /// `FORMAT_SIMPLE` and `FORMAT_WITH_SPEC` for `FORMAT_VALUE` (gh-110481 and relatives).
    pub format_simple: bool,
    /// How jumps are spelt.
    pub jumps: Jumps,
    /// Where handlers stand.
    pub handlers: Handlers,
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
    /// `LOAD_COMMON_CONSTANT` for `None`, `True`, `False`, the empty string and -1 (3.15).
    pub common_constants: bool,
    /// `any()`, `all()` and `tuple()` of a generator expression are loops in place (`maybe_optimize_function_call`, 3.14).
    pub consumes_in_place: bool,
    /// What another thread has stored while the factory of a `defaultdict` was at work stays, and is what the subscript gives.
    pub missing_keeps_what_is_there: bool,
    /// `sum()` of floats adds in the end what rounding has lost (gh-100425).
    pub compensated_sum: bool,
    /// `RESUME` begins a function (bpo-46764 and relatives).
    pub resume: bool,
    /// `print` is a statement, `True` and `False` are globals, `/` of integers floors, `range()` is a list, `xrange()`
    /// exists and numbers have no underscores: Python 2.
    pub python2: bool,
}
