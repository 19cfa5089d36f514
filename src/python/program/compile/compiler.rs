//! A function under way: its drafts of instructions, labels, variables and surrounding blocks.

use super::super::{
    instruction::{Code, Op, PartOf, ProgramOp, Stars, show},
    source::{Place, Position, Source, SourceError, SourceErrorKind},
    syntax::{Setup, Stmt, StmtKind},
    values::Value,
};
use crate::python::version::{Call, Facts, Handlers, LoopEnd};
use std::collections::BTreeSet;

pub(super) type Label = usize;

pub(super) type Result<T> = std::result::Result<T, SourceError>;

/// A loop or guarded block that surrounds the statement at hand.
#[derive(Clone, Copy)]
pub(super) enum Block<'a> {
    Loop {
        head: Label,
        end: Label,
        is_for: bool,
    },
    /// The clause, and the number of the guarded range.
    Finally(&'a [Stmt], usize),
    With(usize, Option<Position>),
    /// The body of a `try … except`.
    Try(usize),
    /// An `except` clause, with the name that it unbinds in the end.
    Handler(Option<&'a str>),
    /// A `finally` clause on the way out of a function: the value that is to be returned waits below it.
    Returned,
}

impl Block<'_> {
    /// How many values it keeps on the stack.
    pub(super) const fn stacked(&self) -> usize {
        match self {
            Self::Loop { is_for: true, .. } | Self::With(..) | Self::Returned => 1,
            Self::Loop { is_for: false, .. } | Self::Finally(..) | Self::Try(_) | Self::Handler(_) => 0,
        }
    }
}

/// Instructions that an exception leads away from, by labels.
pub(super) struct Guarded {
    pub(super) start: Label,
    pub(super) end: Label,
    pub(super) gaps: Vec<(Label, Label)>,
    pub(super) target: Label,
    pub(super) depth: usize,
    pub(super) handling: usize,
}

/// What kind of name space a function is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// Of a loop body or its setup: other names are those that the model provides.
    Body,
    Module,
    Class,
    /// Of a function of a whole program.
    Function,
}

/// A jump that does not look at the eval breaker, whichever way it goes.
pub(super) const NO_INTERRUPT: &str = "JUMP_NO_INTERRUPT";

/// An instruction whose jump, if any, still goes to a label.
pub(super) struct Draft {
    pub(super) op: Op,
    pub(super) opcode: &'static str,
    pub(super) argument: String,
    pub(super) position: Option<Position>,
    /// Whether it is a jump that goes back in CPython, where handlers stand behind what follows them.
    pub(super) goes_back: bool,
    pub(super) part: PartOf,
}

/// A loop whose places are labels still.
pub(super) struct LoopDraft {
    pub(super) head: Label,
    pub(super) end: Label,
    /// Where iterations end.
    pub(super) ends: Vec<Label>,
    pub(super) endless: bool,
    pub(super) line: Option<u32>,
}

/// A function that is being compiled.
pub(super) struct Scope<'a> {
    pub(super) name: String,
    pub(super) parameters: usize,
    /// Names by slot.
    pub(super) locals: Vec<String>,
    /// Names of this scope's own variables; a captured one has a slot, too, but is not of its own.
    pub(super) own_variables: usize,
    /// Slot of the surrounding function, slot here.
    pub(super) captures: Vec<(u16, u16)>,
    /// Variables that a comprehension's function captures: cells.
    pub(super) cells: BTreeSet<String>,
    /// Loop variables of inlined comprehensions, innermost last.
    pub(super) overlay: Vec<(String, u16)>,
    pub(super) x_is_global: bool,
    pub(super) drafts: Vec<Draft>,
    /// Where each label stands.
    pub(super) labels: Vec<usize>,
    pub(super) blocks: Vec<Block<'a>>,
    pub(super) position: Option<Position>,
    pub(super) is_comprehension: bool,
    pub(super) generator: bool,
    pub(super) stars: Stars,
    pub(super) space: Space,
    /// Names that are declared global.
    pub(super) globals: BTreeSet<String>,
    pub(super) guarded: Vec<Guarded>,
    pub(super) loops: Vec<LoopDraft>,
}

impl Scope<'_> {
    pub(super) fn new(name: &str, locals: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            parameters: 0,
            own_variables: locals.len(),
            locals,
            captures: Vec::new(),
            cells: BTreeSet::new(),
            overlay: Vec::new(),
            x_is_global: true,
            drafts: Vec::new(),
            labels: Vec::new(),
            blocks: Vec::new(),
            position: None,
            is_comprehension: false,
            generator: false,
            stars: Stars::default(),
            space: Space::Body,
            globals: BTreeSet::new(),
            guarded: Vec::new(),
            loops: Vec::new(),
        }
    }

    pub(super) fn slot(&self, name: &str) -> Option<u16> {
        if let Some((_, slot)) = self.overlay.iter().rev().find(|(known, _)| known == name) {
            return Some(*slot);
        }
        self.locals.iter().position(|known| known == name).and_then(|slot| u16::try_from(slot).ok())
    }
}

pub(super) struct Compiler<'a> {
    pub(super) facts: &'static Facts,
    /// Body or file, setup, result.
    pub(super) texts: [&'a str; 3],
    pub(super) setup: &'a Setup,
    pub(super) codes: Vec<Option<Code>>,
    pub(super) functions: Vec<Scope<'a>>,
    pub(super) loop_head: usize,
    /// The names of a whole program by number.
    pub(super) names: Vec<String>,
    /// Whether `print` is a function in Python 2, too.
    pub(super) print_function: bool,
    /// Names of builtins that consume a generator in place, where a version has that.
    pub(super) consumers: Vec<&'static str>,
}

impl<'a> Compiler<'a> {
    pub(super) fn scope(&mut self) -> &mut Scope<'a> {
        // A function is being compiled whenever this is called; an empty one stands in rather than a panic.
        if self.functions.is_empty() {
            self.functions.push(Scope::new("", Vec::new()));
        }
        let last = self.functions.len() - 1;
        &mut self.functions[last]
    }

    pub(super) fn emit(&mut self, opcode: &'static str, op: Op, argument: impl Into<String>) {
        let scope = self.scope();
        let position = scope.position;
        scope.drafts.push(Draft {
            op,
            opcode,
            argument: argument.into(),
            position,
            goes_back: false,
            part: PartOf::Line,
        });
    }

    pub(super) fn emit_program(&mut self, opcode: &'static str, op: ProgramOp, argument: impl Into<String>) {
        self.emit(opcode, Op::Program(op), argument);
    }

    /// The number of a name of a whole program.
    pub(super) fn name(&mut self, name: &str) -> u16 {
        let number = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        // A source is far too short for so many.
        u16::try_from(number).unwrap_or(u16::MAX)
    }

    /// Whether a whole program is being compiled.
    pub(super) fn in_program(&self) -> bool {
        self.functions.last().is_some_and(|scope| scope.space != Space::Body)
    }

    pub(super) fn label(&mut self) -> Label {
        let scope = self.scope();
        scope.labels.push(usize::MAX);
        scope.labels.len() - 1
    }

    pub(super) fn bind(&mut self, label: Label) {
        let scope = self.scope();
        scope.labels[label] = scope.drafts.len();
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.emit("JUMP", Op::Jump(label), "");
    }

    /// Goes on behind a handler with these statements.
    pub(super) fn jump_behind(&mut self, block: &[Stmt], end: Label) {
        let silent = self.facts.shape.handlers == Handlers::AtEndNoInterrupt;
        let opcode = if silent { NO_INTERRUPT } else { "JUMP" };
        self.leaving(block, |compiler| compiler.emit(opcode, Op::Jump(end), ""));
    }

    /// Goes on behind a block of statements.
    pub(super) fn jump_after(&mut self, block: &[Stmt], label: Label) {
        self.leaving(block, |compiler| compiler.jump(label));
    }

    /// Emits what leaves a block, and is no part of its last statement.
    pub(super) fn leaving<T>(&mut self, block: &[Stmt], emit: impl FnOnce(&mut Self) -> T) -> T {
        let begun = self.leave_block(block);
        let result = emit(self);
        self.mark(block, begun, PartOf::Nothing);
        result
    }

    /// What follows leaves a block, and bears the line of its last statement; up to 3.9 that of the last one within that. Where it begins.
    pub(super) fn leave_block(&mut self, block: &[Stmt]) -> usize {
        let precise = self.facts.shape.precise_lines;
        let scope = self.scope();
        if let Some(last) = block.last().filter(|_| precise) {
            scope.position = Some(last.position);
        }
        scope.drafts.len()
    }

    /// What was emitted since then is a part of that, if the last statement of the block holds others.
    pub(super) fn mark(&mut self, block: &[Stmt], begun: usize, part: PartOf) {
        let holds_others = block.last().is_none_or(|last| {
            use StmtKind::{Finally, For, If, Try, While, With};
            matches!(last.kind, If(..) | For(..) | While(..) | With(..) | Try(..) | Finally(..))
        });
        if holds_others {
            self.scope().drafts[begun..].iter_mut().for_each(|draft| draft.part = part);
        }
    }

    pub(super) fn error(&self, kind: SourceErrorKind, message: &str, position: Position) -> SourceError {
        let text = match position.source {
            Source::Body | Source::File => self.texts[0],
            Source::Setup => self.texts[1],
            Source::Result => self.texts[2],
        };
        SourceError { kind, message: message.to_owned(), place: Place::new(text, position) }
    }

    pub(super) fn count(&self, count: usize, position: Position) -> Result<u16> {
        u16::try_from(count).ok().filter(|&count| count < 256).ok_or_else(|| {
            self.error(
                SourceErrorKind::NotCovered,
                "more than 255 elements or arguments are not covered",
                position,
            )
        })
    }

    pub(super) fn constant(&mut self, value: Value) {
        let common = match &value {
            Value::None | Value::Bool(_) | Value::Int(-1) => true,
            Value::Str(text) => text.is_empty(),
            _ => false,
        };
        let opcode = match value {
            _ if common && self.facts.shape.common_constants => "LOAD_COMMON_CONSTANT",
            Value::Int(0..=255) if self.facts.shape.load_small_int => "LOAD_SMALL_INT",
            Value::Bool(_) if self.facts.shape.python2 => "LOAD_GLOBAL",
            _ => "LOAD_CONST",
        };
        let argument = show(&value);
        self.emit(opcode, Op::LoadConst(value), argument);
    }

    pub(super) fn return_constant(&mut self, value: Value) {
        if self.facts.shape.return_const {
            let argument = show(&value);
            self.emit("RETURN_CONST", Op::ReturnConst(value), argument);
        } else {
            self.constant(value);
            self.emit("RETURN_VALUE", Op::Return, "");
        }
    }

    pub(super) fn swap_two(&mut self) {
        if self.facts.shape.copy_and_swap {
            self.emit("SWAP", Op::Swap(2), "2");
        } else {
            self.emit("ROT_TWO", Op::Swap(2), "");
        }
    }

    pub(super) fn copy_top(&mut self) {
        if self.facts.shape.copy_and_swap {
            self.emit("COPY", Op::Copy(1), "1");
        } else {
            self.emit("DUP_TOP", Op::Copy(1), "");
        }
    }

    /// Loads what is to be called, a global, by its name.
    pub(super) fn callee(&mut self, name: &str, value: Value) {
        let argument = match self.facts.shape.call {
            Call::CallFunction => name.to_owned(),
            Call::Precall | Call::Call => format!("{name} + NULL"),
        };
        self.emit("LOAD_GLOBAL", Op::LoadConst(value), argument);
    }

    pub(super) fn call(&mut self, count: u16) {
        let shown = count.to_string();
        self.call_as(Op::Call(count), &shown, &shown);
    }

    /// A call under its opcodes, with the number of arguments that versions up to 3.10 show, and later ones.
    pub(super) fn call_as(&mut self, op: Op, before: &str, now: &str) {
        match self.facts.shape.call {
            Call::CallFunction => self.emit("CALL_FUNCTION", op, before),
            Call::Precall => {
                self.emit("PRECALL", Op::Nop, now);
                self.emit("CALL", op, now);
            }
            Call::Call => self.emit("CALL", op, now),
        }
    }

    /// What follows the exhausted iterator. `FOR_ITER` jumps behind `END_FOR` and its like.
    pub(super) fn end_for(&mut self, end: Label) {
        let rest: &[&'static str] = match self.facts.shape.loop_end {
            LoopEnd::Nothing => &[],
            LoopEnd::EndFor => &["END_FOR"],
            LoopEnd::EndForPopTop => &["END_FOR", "POP_TOP"],
            LoopEnd::EndForPopIter => &["END_FOR", "POP_ITER"],
        };
        for opcode in rest {
            self.emit(opcode, Op::LoopEnd, "");
        }
        self.bind(end);
    }

    pub(super) fn resume(&mut self) {
        if self.facts.shape.resume {
            // It bears the number of the `def`, or of the first line.
            self.leaving(&[], |compiler| compiler.emit("RESUME", Op::Nop, "0"));
        }
    }
}
