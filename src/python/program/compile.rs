//! A syntax tree to the instructions that one version of CPython makes of it.
//!
//! Follows `Python/compile.c` (3.13 and later: `codegen.c` and `flowgraph.c`) as far as it bears on what is executed between
//! two looks at the eval breaker. What an exception would run is left out, for an exception ends the program; so are
//! superinstructions such as `LOAD_FAST_LOAD_FAST`, none of which looks. Blocks that are left by `break`, `continue` or
//! `return` are unwound in the manner of 3.9 and later in every version.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Code, Instruction, Op, Place, Position, Program, ProgramError, Source, SourceError, SourceErrorKind,
    parse::{self, BinaryOp, CompareOp, Expr, ExprKind, Function, Generator, Setup, Stmt, StmtKind, UnaryOp},
    value::{self, Builtin, Value},
};
use crate::python::version::{Call, Check, Comprehension, Facts, Finally, Jumps, LoopEnd, Version, With};

/// The number of the lock named `lock`.
const LOCK: u8 = 0;
/// The most locks that a program may have: one bit each in the shared state.
const MOST_LOCKS: usize = 32;
/// The number of the code of `work`.
pub(super) const WORK: u16 = 0;
/// The number of the code of `one`.
const ONE: u16 = 1;

/// The most instructions of a function. Each way out of a `try` has a copy of its `finally`, so that a few nested ones
/// would make millions.
const MOST_INSTRUCTIONS: usize = 16 * 1024;

type Label = usize;
type Result<T> = std::result::Result<T, SourceError>;

pub(super) fn program(
    body: &str,
    setup: &str,
    version: Version,
) -> std::result::Result<Program, ProgramError> {
    let statements = parse::body(body)?;
    let definitions = parse::setup(setup)?;
    let facts = version.facts();
    let mut compiler = Compiler {
        facts,
        texts: [body, setup],
        setup: &definitions,
        codes: vec![None; definitions.functions.len() + 2],
        functions: Vec::new(),
        loop_head: 0,
    };
    if definitions.locks.len() >= MOST_LOCKS {
        return Err(ProgramError::TooManyLocks);
    }
    compiler.work(&statements)?;
    compiler.one();
    for (index, function) in definitions.functions.iter().enumerate() {
        compiler.setup_function(index, function)?;
    }
    let loop_head = compiler.loop_head;
    Ok(Program {
        version,
        facts,
        codes: compiler.codes.into_iter().flatten().collect(),
        loop_head,
        locks: std::iter::once("lock".to_owned()).chain(definitions.locks.iter().cloned()).collect(),
        body: body.to_owned(),
        setup: setup.to_owned(),
    })
}

/// A loop or guarded block that surrounds the statement at hand.
#[derive(Clone, Copy)]
enum Block<'a> {
    Loop { head: Label, end: Label, is_for: bool },
    Finally(&'a [Stmt]),
    With,
}

/// An instruction whose jump, if any, still goes to a label.
struct Draft {
    op: Op,
    opcode: &'static str,
    argument: String,
    position: Option<Position>,
}

/// A function that is being compiled.
struct Scope<'a> {
    name: String,
    parameters: usize,
    /// Names by slot.
    locals: Vec<String>,
    /// Names of this scope's own variables; a captured one has a slot, too, but is not of its own.
    own: usize,
    /// Slot of the surrounding function, slot here.
    captures: Vec<(u16, u16)>,
    /// Variables that a comprehension's function captures: cells.
    cells: BTreeSet<String>,
    /// Loop variables of inlined comprehensions, innermost last.
    overlay: Vec<(String, u16)>,
    x_is_global: bool,
    drafts: Vec<Draft>,
    /// Where each label stands.
    labels: Vec<usize>,
    blocks: Vec<Block<'a>>,
    position: Option<Position>,
    is_comprehension: bool,
}

impl Scope<'_> {
    fn slot(&self, name: &str) -> Option<u16> {
        if let Some((_, slot)) = self.overlay.iter().rev().find(|(known, _)| known == name) {
            return Some(*slot);
        }
        self.locals.iter().position(|known| known == name).and_then(|slot| u16::try_from(slot).ok())
    }
}

struct Compiler<'a> {
    facts: &'static Facts,
    texts: [&'a str; 2],
    setup: &'a Setup,
    codes: Vec<Option<Code>>,
    functions: Vec<Scope<'a>>,
    loop_head: usize,
}

/// What a name stands for.
enum Meaning {
    Local(u16),
    Captured(u16),
    X,
    Constant(Value),
}

impl<'a> Compiler<'a> {
    // ---- functions ----

    fn work(&mut self, body: &'a [Stmt]) -> Result<()> {
        let mut locals = vec!["d".to_owned(), "n".to_owned(), "_".to_owned()];
        self.check_global(body, false)?;
        self.assigned(body, true, &mut locals);
        self.begin("work", 2, locals, true, body);
        let python2 = self.facts.shape.python2;
        let (name, range) = if python2 { ("xrange", Builtin::Xrange) } else { ("range", Builtin::Range) };
        if self.facts.shape.setup_loop {
            self.emit("SETUP_LOOP", Op::Nop, "");
        }
        self.callee(name, Value::Builtin(range));
        self.emit("LOAD_FAST", Op::LoadFast(1), "n");
        self.call(1);
        self.emit("GET_ITER", Op::GetIter, "");
        let (head, end) = (self.label(), self.label());
        self.place(head);
        let for_iter = self.scope().drafts.len();
        self.emit("FOR_ITER", Op::ForIter(end), "");
        self.emit("STORE_FAST", Op::StoreFast(2), "_");
        self.scope().blocks.push(Block::Loop { head, end, is_for: true });
        self.stmts(body)?;
        self.scope().position = None;
        self.scope().blocks.pop();
        self.jump(head);
        self.end_for(end);
        if self.facts.shape.setup_loop {
            self.emit("POP_BLOCK", Op::Nop, "");
        }
        self.return_constant(Value::None);
        let (code, moved) = self.finish();
        self.loop_head = moved[for_iter];
        self.codes[usize::from(WORK)] = Some(code);
        Ok(())
    }

    fn one(&mut self) {
        self.begin("one", 0, Vec::new(), true, &[]);
        self.return_constant(Value::Int(1));
        let (code, _) = self.finish();
        self.codes[usize::from(ONE)] = Some(code);
    }

    fn setup_function(&mut self, index: usize, function: &'a Function) -> Result<()> {
        let mut locals = function.parameters.clone();
        let x_is_global = self.check_global(&function.body, true)?;
        if x_is_global && function.parameters.iter().any(|name| name == "x") {
            return Err(self.error(
                SourceErrorKind::NotPython,
                "x is both a parameter and global",
                function.position,
            ));
        }
        self.assigned(&function.body, x_is_global, &mut locals);
        self.begin(&function.name, function.parameters.len(), locals, x_is_global, &function.body);
        self.stmts(&function.body)?;
        self.scope().position = None;
        self.return_constant(Value::None);
        let (code, _) = self.finish();
        self.codes[index + 2] = Some(code);
        Ok(())
    }

    fn begin(
        &mut self,
        name: &str,
        parameters: usize,
        locals: Vec<String>,
        x_is_global: bool,
        body: &[Stmt],
    ) {
        let mut cells = BTreeSet::new();
        if self.facts.shape.comprehension == Comprehension::Function {
            for stmt in body {
                walk_stmt(stmt, &mut |expr| {
                    if let ExprKind::Comprehension(elt, generators) = &expr.kind {
                        captured(elt, generators, &locals, &mut cells);
                    }
                });
            }
        }
        self.functions.push(Scope {
            name: name.to_owned(),
            parameters,
            own: locals.len(),
            locals,
            captures: Vec::new(),
            cells,
            overlay: Vec::new(),
            x_is_global,
            drafts: Vec::new(),
            labels: Vec::new(),
            blocks: Vec::new(),
            position: None,
            is_comprehension: false,
        });
        self.resume();
    }

    fn resume(&mut self) {
        if self.facts.shape.resume {
            self.emit("RESUME", Op::Nop, "0");
        }
    }

    /// Ends the innermost function: its code, and where each draft has gone.
    fn finish(&mut self) -> (Code, Vec<usize>) {
        match self.functions.pop() {
            Some(scope) => assemble(scope, self.facts),
            None => (Code::default(), Vec::new()),
        }
    }

    /// The names that statements assign to, other than a global x, in the order of CPython's slots.
    fn assigned(&self, stmts: &[Stmt], x_is_global: bool, names: &mut Vec<String>) {
        let mut add = |name: &str| {
            let shared = name == "x" && x_is_global;
            if !shared && names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        };
        for stmt in stmts {
            walk_targets(stmt, &mut |target| {
                target_names(target, &mut add);
            });
            if self.facts.shape.comprehension == Comprehension::Leaking {
                walk_stmt(stmt, &mut |expr| {
                    if let ExprKind::Comprehension(_, generators) = &expr.kind {
                        for generator in generators {
                            target_names(&generator.target, &mut add);
                        }
                    }
                });
            }
        }
    }

    /// Whether there is a `global x`, which must stand before any use of x.
    fn check_global(&self, stmts: &[Stmt], _in_function: bool) -> Result<bool> {
        let mut declaration = None;
        let mut first_use = None;
        for stmt in stmts {
            walk_blocks(stmt, &mut |stmt| {
                if stmt.kind == StmtKind::GlobalX {
                    declaration = declaration.or(Some(stmt.position));
                }
            });
            let mut used = |expr: &Expr| {
                if matches!(&expr.kind, ExprKind::Name(name) if name == "x") {
                    first_use = first_use.or(Some(expr.position.start));
                }
            };
            walk_stmt(stmt, &mut used);
            walk_targets(stmt, &mut used);
        }
        if let (Some(declaration), Some(first_use)) = (declaration, first_use)
            && first_use < declaration.start
        {
            return Err(self.error(
                SourceErrorKind::NotPython,
                "x is used before it is declared global",
                declaration,
            ));
        }
        Ok(declaration.is_some())
    }

    // ---- emitting ----

    fn scope(&mut self) -> &mut Scope<'a> {
        // A function is being compiled whenever this is called; an empty one stands in rather than a panic.
        if self.functions.is_empty() {
            self.functions.push(Scope {
                name: String::new(),
                parameters: 0,
                locals: Vec::new(),
                own: 0,
                captures: Vec::new(),
                cells: BTreeSet::new(),
                overlay: Vec::new(),
                x_is_global: true,
                drafts: Vec::new(),
                labels: Vec::new(),
                blocks: Vec::new(),
                position: None,
                is_comprehension: false,
            });
        }
        let last = self.functions.len() - 1;
        &mut self.functions[last]
    }

    fn emit(&mut self, opcode: &'static str, op: Op, argument: impl Into<String>) {
        let scope = self.scope();
        let position = scope.position;
        scope.drafts.push(Draft { op, opcode, argument: argument.into(), position });
    }

    fn label(&mut self) -> Label {
        let scope = self.scope();
        scope.labels.push(usize::MAX);
        scope.labels.len() - 1
    }

    fn place(&mut self, label: Label) {
        let scope = self.scope();
        scope.labels[label] = scope.drafts.len();
    }

    fn jump(&mut self, label: Label) {
        self.emit("JUMP", Op::Jump(label), "");
    }

    fn error(&self, kind: SourceErrorKind, message: &str, position: Position) -> SourceError {
        let text = match position.source {
            Source::Body => self.texts[0],
            Source::Setup => self.texts[1],
        };
        SourceError { kind, message: message.to_owned(), place: Place::new(text, position) }
    }

    fn constant(&mut self, value: Value) {
        let opcode = match value {
            Value::Int(0..=255) if self.facts.shape.load_small_int => "LOAD_SMALL_INT",
            Value::Bool(_) if self.facts.shape.python2 => "LOAD_GLOBAL",
            _ => "LOAD_CONST",
        };
        let argument = super::show(&value);
        self.emit(opcode, Op::LoadConst(value), argument);
    }

    fn return_constant(&mut self, value: Value) {
        if self.facts.shape.return_const {
            let argument = super::show(&value);
            self.emit("RETURN_CONST", Op::ReturnConst(value), argument);
        } else {
            self.constant(value);
            self.emit("RETURN_VALUE", Op::Return, "");
        }
    }

    fn swap_two(&mut self) {
        if self.facts.shape.copy_and_swap {
            self.emit("SWAP", Op::Swap(2), "2");
        } else {
            self.emit("ROT_TWO", Op::Swap(2), "");
        }
    }

    fn copy_top(&mut self) {
        if self.facts.shape.copy_and_swap {
            self.emit("COPY", Op::Copy(1), "1");
        } else {
            self.emit("DUP_TOP", Op::Copy(1), "");
        }
    }

    /// Loads what is to be called, a global, by its name.
    fn callee(&mut self, name: &str, value: Value) {
        let argument = match self.facts.shape.call {
            Call::CallFunction => name.to_owned(),
            Call::Precall | Call::Call => format!("{name} + NULL"),
        };
        self.emit("LOAD_GLOBAL", Op::LoadConst(value), argument);
    }

    fn call(&mut self, count: u16) {
        match self.facts.shape.call {
            Call::CallFunction => {
                self.emit("CALL_FUNCTION", Op::Call(count), count.to_string());
            }
            Call::Precall => {
                self.emit("PRECALL", Op::Nop, count.to_string());
                self.emit("CALL", Op::Call(count), count.to_string());
            }
            Call::Call => self.emit("CALL", Op::Call(count), count.to_string()),
        }
    }

    /// What follows the exhausted iterator. `FOR_ITER` jumps behind `END_FOR` and its like.
    fn end_for(&mut self, end: Label) {
        let rest: &[&'static str] = match self.facts.shape.loop_end {
            LoopEnd::Nothing => &[],
            LoopEnd::EndFor => &["END_FOR"],
            LoopEnd::EndForPopTop => &["END_FOR", "POP_TOP"],
            LoopEnd::EndForPopIter => &["END_FOR", "POP_ITER"],
        };
        for opcode in rest {
            self.emit(opcode, Op::LoopEnd, "");
        }
        self.place(end);
    }

    // ---- names ----

    fn meaning(&mut self, name: &str, position: Position) -> Result<Meaning> {
        let depth = self.functions.len();
        if let Some(meaning) = self.variable(name, depth) {
            return Ok(meaning);
        }
        if name == "x" {
            return Ok(Meaning::X);
        }
        let constant = match name {
            "s" => Some(Value::str("a")),
            "one" => Some(Value::Function(ONE)),
            "lock" => Some(Value::Lock(LOCK)),
            "xrange" if self.facts.shape.python2 => Some(Value::Builtin(Builtin::Xrange)),
            "print" if self.facts.shape.python2 => {
                return Err(self.error(
                    SourceErrorKind::NotCovered,
                    "print is a statement in python 2: write it on its own",
                    position,
                ));
            }
            _ => None,
        };
        let function = || {
            let index = self.setup.functions.iter().position(|known| known.name == name)?;
            u16::try_from(index + 2).ok().map(Value::Function)
        };
        let lock = || {
            let index = self.setup.locks.iter().position(|known| known == name)?;
            u8::try_from(index + 1).ok().map(Value::Lock)
        };
        constant
            .or_else(function)
            .or_else(lock)
            .or_else(|| Builtin::named(name).map(Value::Builtin))
            .map(Meaning::Constant)
            .ok_or_else(|| {
                self.error(
                    SourceErrorKind::NotCovered,
                    &format!("the name {name} is not defined: assign to it, or define it in the setup"),
                    position,
                )
            })
    }

    /// A variable of the function that is `depth` deep or, for a comprehension, of one around it.
    fn variable(&mut self, name: &str, depth: usize) -> Option<Meaning> {
        let scope = self.functions.get(depth.checked_sub(1)?)?;
        if let Some(slot) = scope.slot(name) {
            if name == "x" && scope.x_is_global && !scope.is_comprehension {
                return None;
            }
            let cell =
                scope.cells.contains(name) || (scope.is_comprehension && usize::from(slot) >= scope.own);
            return Some(if cell { Meaning::Captured(slot) } else { Meaning::Local(slot) });
        }
        if !scope.is_comprehension {
            return None;
        }
        let (Meaning::Local(outer) | Meaning::Captured(outer)) = self.variable(name, depth - 1)? else {
            return None;
        };
        let scope = self.functions.get_mut(depth - 1)?;
        let slot = u16::try_from(scope.locals.len()).ok()?;
        scope.locals.push(name.to_owned());
        scope.captures.push((outer, slot));
        Some(Meaning::Captured(slot))
    }

    fn load(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit("LOAD_FAST", Op::LoadFast(slot), name),
            Meaning::Captured(slot) => self.emit("LOAD_DEREF", Op::LoadFast(slot), name),
            Meaning::X => self.emit("LOAD_GLOBAL", Op::LoadX, name),
            Meaning::Constant(value) => self.emit("LOAD_GLOBAL", Op::LoadConst(value), name),
        }
        Ok(())
    }

    fn store(&mut self, name: &str, position: Position) -> Result<()> {
        match self.meaning(name, position)? {
            Meaning::Local(slot) => self.emit("STORE_FAST", Op::StoreFast(slot), name),
            Meaning::Captured(slot) => self.emit("STORE_DEREF", Op::StoreFast(slot), name),
            Meaning::X => self.emit("STORE_GLOBAL", Op::StoreX, name),
            Meaning::Constant(_) => {
                return Err(self.error(
                    SourceErrorKind::NotCovered,
                    &format!("assignment to the global {name} is not covered"),
                    position,
                ));
            }
        }
        Ok(())
    }

    fn store_target(&mut self, target: &Expr) -> Result<()> {
        match &target.kind {
            ExprKind::Name(name) => self.store(name, target.position),
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                self.emit("STORE_SUBSCR", Op::StoreSubscript, "");
                Ok(())
            }
            ExprKind::Tuple(targets) => {
                let count = self.count(targets.len(), target.position)?;
                self.emit("UNPACK_SEQUENCE", Op::Unpack(count), count.to_string());
                targets.iter().try_for_each(|target| self.store_target(target))
            }
            _ => Err(self.error(
                SourceErrorKind::NotCovered,
                "assignment to this is not covered",
                target.position,
            )),
        }
    }

    fn count(&self, count: usize, position: Position) -> Result<u16> {
        u16::try_from(count).ok().filter(|&count| count < 256).ok_or_else(|| {
            self.error(
                SourceErrorKind::NotCovered,
                "more than 255 elements or arguments are not covered",
                position,
            )
        })
    }

    // ---- statements ----

    fn stmts(&mut self, stmts: &'a [Stmt]) -> Result<()> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Result<()> {
        self.scope().position = Some(stmt.position);
        if self.scope().drafts.len() > MOST_INSTRUCTIONS {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                &format!(
                    "a function of more than {MOST_INSTRUCTIONS} instructions is not covered: shorten it"
                ),
                stmt.position,
            ));
        }
        match &stmt.kind {
            StmtKind::Assign(targets, value) => self.assign(targets, value),
            StmtKind::AugAssign(target, op, value) => self.aug_assign(target, *op, value),
            StmtKind::Expr(expr) => self.expr_stmt(expr),
            StmtKind::If(test, body, orelse) => {
                let (next, end) = (self.label(), self.label());
                self.jump_if(test, next, false)?;
                self.stmts(body)?;
                if !orelse.is_empty() {
                    self.jump(end);
                }
                self.place(next);
                self.stmts(orelse)?;
                self.place(end);
                Ok(())
            }
            StmtKind::For(target, iter, body, orelse) => self.for_stmt(target, iter, body, orelse),
            StmtKind::While(test, body, orelse) => self.while_stmt(test, body, orelse),
            StmtKind::With(items, body) => self.with_stmt(items, body),
            StmtKind::Finally(body, last) => self.finally_stmt(body, last),
            StmtKind::Break => self.leave_loop(true),
            StmtKind::Continue => self.leave_loop(false),
            StmtKind::Pass | StmtKind::GlobalX => Ok(()),
            StmtKind::Return(value) => self.return_stmt(value.as_ref()),
        }
    }

    fn assign(&mut self, targets: &[Expr], value: &Expr) -> Result<()> {
        if let ([Expr { kind: ExprKind::Tuple(names), .. }], ExprKind::Tuple(values)) = (targets, &value.kind)
            && names.len() == values.len()
            && (2..=3).contains(&names.len())
            && self.fold(value).is_none()
        {
            for value in values {
                self.expr(value)?;
            }
            if names.len() == 2 {
                self.swap_two();
            } else if self.facts.shape.copy_and_swap {
                self.emit("SWAP", Op::Swap(3), "3");
            } else {
                self.emit("ROT_THREE", Op::RotThree, "");
                self.emit("ROT_TWO", Op::Swap(2), "");
            }
            return names.iter().try_for_each(|name| self.store_target(name));
        }
        self.expr(value)?;
        let last = targets.len().saturating_sub(1);
        for (index, target) in targets.iter().enumerate() {
            if index < last {
                self.copy_top();
            }
            self.store_target(target)?;
        }
        Ok(())
    }

    fn aug_assign(&mut self, target: &Expr, op: BinaryOp, value: &Expr) -> Result<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                self.load(name, target.position)?;
                self.expr(value)?;
                self.binary(op, true, target.position)?;
                self.store(name, target.position)
            }
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                if self.facts.shape.copy_and_swap {
                    self.emit("COPY", Op::Copy(2), "2");
                    self.emit("COPY", Op::Copy(2), "2");
                } else if self.facts.shape.python2 {
                    self.emit("DUP_TOPX", Op::CopyTwo, "2");
                } else {
                    self.emit("DUP_TOP_TWO", Op::CopyTwo, "");
                }
                self.subscript();
                self.expr(value)?;
                self.binary(op, true, target.position)?;
                if self.facts.shape.copy_and_swap {
                    self.emit("SWAP", Op::Swap(3), "3");
                    self.emit("SWAP", Op::Swap(2), "2");
                } else {
                    self.emit("ROT_THREE", Op::RotThree, "");
                }
                self.emit("STORE_SUBSCR", Op::StoreSubscript, "");
                Ok(())
            }
            _ => self.store_target(target),
        }
    }

    fn expr_stmt(&mut self, expr: &Expr) -> Result<()> {
        if let ExprKind::Call(name, _, args) = &expr.kind
            && name == "print"
            && self.facts.shape.python2
        {
            match &args[..] {
                [] => {}
                [item] => self.expr(item)?,
                items => {
                    for item in items {
                        self.expr(item)?;
                    }
                    let count = self.count(items.len(), expr.position)?;
                    self.emit("BUILD_TUPLE", Op::BuildTuple(count), count.to_string());
                }
            }
            if !args.is_empty() {
                self.emit("PRINT_ITEM", Op::PrintItem, "");
            }
            self.emit("PRINT_NEWLINE", Op::Nop, "");
            return Ok(());
        }
        if self.fold(expr).is_some() {
            return Ok(());
        }
        self.expr(expr)?;
        self.emit("POP_TOP", Op::PopTop, "");
        Ok(())
    }

    fn for_stmt(
        &mut self,
        target: &'a Expr,
        iter: &'a Expr,
        body: &'a [Stmt],
        orelse: &'a [Stmt],
    ) -> Result<()> {
        let (head, last, end) = (self.label(), self.label(), self.label());
        if self.facts.shape.setup_loop {
            self.emit("SETUP_LOOP", Op::Nop, "");
        }
        self.iterable(iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        self.place(head);
        self.emit("FOR_ITER", Op::ForIter(last), "");
        self.store_target(target)?;
        self.scope().blocks.push(Block::Loop { head, end, is_for: true });
        self.stmts(body)?;
        self.scope().blocks.pop();
        self.jump(head);
        self.end_for(last);
        if self.facts.shape.setup_loop {
            self.emit("POP_BLOCK", Op::Nop, "");
        }
        self.stmts(orelse)?;
        self.place(end);
        Ok(())
    }

    /// A literal list that is only iterated over is a tuple.
    fn iterable(&mut self, iter: &Expr) -> Result<()> {
        if let ExprKind::List(items) = &iter.kind {
            let tuple = Expr { kind: ExprKind::Tuple(items.clone()), position: iter.position };
            return self.expr(&tuple);
        }
        self.expr(iter)
    }

    fn while_stmt(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Result<()> {
        let (head, top, anchor, end) = (self.label(), self.label(), self.label(), self.label());
        if self.facts.shape.setup_loop {
            self.emit("SETUP_LOOP", Op::Nop, "");
        }
        self.place(head);
        self.jump_if(test, anchor, false)?;
        self.place(top);
        self.scope().blocks.push(Block::Loop { head, end, is_for: false });
        self.stmts(body)?;
        self.scope().blocks.pop();
        if self.facts.shape.while_test_at_end {
            self.jump_if(test, top, true)?;
        } else {
            self.jump(head);
        }
        self.place(anchor);
        if self.facts.shape.setup_loop {
            self.emit("POP_BLOCK", Op::Nop, "");
        }
        self.stmts(orelse)?;
        self.place(end);
        Ok(())
    }

    fn with_stmt(&mut self, items: &'a [(Expr, Option<Expr>)], body: &'a [Stmt]) -> Result<()> {
        let Some(((lock, target), rest)) = items.split_first() else {
            return self.stmts(body);
        };
        self.expr(lock)?;
        match self.facts.shape.with {
            With::Cleanup | With::CleanupStart | With::BeginFinally | With::SetupWith => {
                self.emit("SETUP_WITH", Op::EnterWith, "");
            }
            With::BeforeWith => self.emit("BEFORE_WITH", Op::EnterWith, ""),
            With::LoadSpecial => {
                self.emit("COPY", Op::Nop, "1");
                self.emit("LOAD_SPECIAL", Op::Nop, "__exit__");
                self.emit("SWAP", Op::Nop, "2");
                self.emit("SWAP", Op::Nop, "3");
                self.emit("LOAD_SPECIAL", Op::Nop, "__enter__");
                self.emit("CALL", Op::EnterWith, "0");
            }
        }
        match target {
            None => self.emit("POP_TOP", Op::PopTop, ""),
            Some(target) => self.store_target(target)?,
        }
        self.scope().blocks.push(Block::With);
        self.with_stmt(rest, body)?;
        self.scope().blocks.pop();
        self.exit_with();
        Ok(())
    }

    /// Releases the lock under the value, if any, that `return` keeps on top.
    fn exit_with(&mut self) {
        match self.facts.shape.with {
            With::Cleanup => {
                self.emit("POP_BLOCK", Op::Nop, "");
                self.emit("LOAD_CONST", Op::Nop, "None");
                self.emit("WITH_CLEANUP", Op::ExitWith, "");
                self.emit("END_FINALLY", Op::PopTop, "");
            }
            With::CleanupStart | With::BeginFinally => {
                self.emit("POP_BLOCK", Op::Nop, "");
                if self.facts.shape.with == With::BeginFinally {
                    self.emit("BEGIN_FINALLY", Op::Nop, "");
                } else {
                    self.emit("LOAD_CONST", Op::Nop, "None");
                }
                self.emit("WITH_CLEANUP_START", Op::ExitWith, "");
                self.emit("WITH_CLEANUP_FINISH", Op::Nop, "");
                self.emit("END_FINALLY", Op::PopTop, "");
            }
            With::SetupWith => {
                self.emit("POP_BLOCK", Op::Nop, "");
                self.emit("LOAD_CONST", Op::Nop, "None");
                self.emit("DUP_TOP", Op::Nop, "");
                self.emit("DUP_TOP", Op::Nop, "");
                self.emit("CALL_FUNCTION", Op::ExitWith, "3");
                self.emit("POP_TOP", Op::PopTop, "");
            }
            With::BeforeWith | With::LoadSpecial => {
                for _ in 0..3 {
                    self.emit("LOAD_CONST", Op::Nop, "None");
                }
                if self.facts.shape.call == Call::Precall {
                    self.emit("PRECALL", Op::Nop, "2");
                }
                let count = if self.facts.shape.with == With::LoadSpecial { "3" } else { "2" };
                self.emit("CALL", Op::ExitWith, count);
                self.emit("POP_TOP", Op::PopTop, "");
            }
        }
    }

    fn finally_stmt(&mut self, body: &'a [Stmt], last: &'a [Stmt]) -> Result<()> {
        let style = self.facts.shape.finally;
        if style != Finally::Table {
            self.emit("SETUP_FINALLY", Op::Nop, "");
        }
        self.scope().blocks.push(Block::Finally(last));
        self.stmts(body)?;
        self.scope().blocks.pop();
        self.leave_finally();
        self.stmts(last)?;
        if matches!(style, Finally::EndFinally | Finally::BeginFinally) {
            self.emit("END_FINALLY", Op::Nop, "");
        }
        Ok(())
    }

    fn leave_finally(&mut self) {
        match self.facts.shape.finally {
            Finally::EndFinally => {
                self.emit("POP_BLOCK", Op::Nop, "");
                self.emit("LOAD_CONST", Op::Nop, "None");
            }
            Finally::BeginFinally => {
                self.emit("POP_BLOCK", Op::Nop, "");
                self.emit("BEGIN_FINALLY", Op::Nop, "");
            }
            Finally::Block => self.emit("POP_BLOCK", Op::Nop, ""),
            Finally::Table => {}
        }
    }

    /// Leaves the innermost block on the way out of a loop or function, with the blocks inside it already left.
    fn unwind(&mut self, block: Block<'a>, value_on_top: bool) -> Result<()> {
        match block {
            Block::Finally(last) => {
                self.leave_finally();
                self.stmts(last)
            }
            Block::With => {
                if value_on_top {
                    self.swap_two();
                }
                self.exit_with();
                Ok(())
            }
            Block::Loop { is_for: true, .. } => {
                if value_on_top {
                    self.swap_two();
                }
                self.emit("POP_TOP", Op::PopTop, "");
                Ok(())
            }
            Block::Loop { is_for: false, .. } => Ok(()),
        }
    }

    fn leave_loop(&mut self, is_break: bool) -> Result<()> {
        let position = self.scope().position;
        let blocks = self.scope().blocks.clone();
        while let Some(block) = self.scope().blocks.pop() {
            if let Block::Loop { head, end, is_for } = block {
                self.scope().position = position;
                if !is_break {
                    self.jump(head);
                } else if self.facts.shape.setup_loop {
                    self.emit("BREAK_LOOP", Op::BreakLoop(end, is_for), "");
                } else {
                    self.unwind(block, false)?;
                    self.jump(end);
                }
                break;
            }
            self.unwind(block, false)?;
        }
        self.scope().blocks = blocks;
        Ok(())
    }

    fn return_stmt(&mut self, value: Option<&Expr>) -> Result<()> {
        let position = self.scope().position;
        let constant = match value {
            None => Some(Value::None),
            Some(value) => self.fold(value),
        };
        // Only a value that is no constant waits on the stack while the blocks are left.
        if let (None, Some(value)) = (&constant, value) {
            self.expr(value)?;
        }
        let blocks = self.scope().blocks.clone();
        while let Some(block) = self.scope().blocks.pop() {
            self.unwind(block, constant.is_none())?;
        }
        self.scope().blocks = blocks;
        self.scope().position = position;
        match constant {
            Some(constant) => self.return_constant(constant),
            None => self.emit("RETURN_VALUE", Op::Return, ""),
        }
        Ok(())
    }

    // ---- tests ----

    /// Jumps if the test comes out as `when`: `compiler_jump_if`.
    fn jump_if(&mut self, test: &Expr, target: Label, when: bool) -> Result<()> {
        if let Some(constant) = self.fold(test) {
            if constant.truth(&Vec::new()) == when {
                self.jump(target);
            }
            return Ok(());
        }
        match &test.kind {
            ExprKind::Unary(UnaryOp::Not, operand) => self.jump_if(operand, target, !when),
            ExprKind::Bools(all, values) => {
                let stop = !*all;
                let Some((last, values)) = values.split_last() else {
                    return Ok(());
                };
                let short = if stop == when { target } else { self.label() };
                for value in values {
                    self.jump_if(value, short, stop)?;
                }
                self.jump_if(last, target, when)?;
                if short != target {
                    self.place(short);
                }
                Ok(())
            }
            ExprKind::IfElse(test, body, orelse) => {
                let (other, end) = (self.label(), self.label());
                self.jump_if(test, other, false)?;
                self.jump_if(body, target, when)?;
                self.jump(end);
                self.place(other);
                self.jump_if(orelse, target, when)?;
                self.place(end);
                Ok(())
            }
            ExprKind::Compare(left, rest) if rest.len() > 1 => {
                let (cleanup, end) = (self.label(), self.label());
                self.chain(left, rest, |compiler| compiler.pop_jump(cleanup, false))?;
                self.pop_jump(target, when);
                self.jump(end);
                self.place(cleanup);
                self.emit("POP_TOP", Op::PopTop, "");
                if !when {
                    self.jump(target);
                }
                self.place(end);
                Ok(())
            }
            ExprKind::Compare(left, rest) if self.facts.shape.jump_if_none => match &rest[..] {
                [(op @ (CompareOp::Is | CompareOp::IsNot), right)] if right.kind == ExprKind::None => {
                    self.expr(left)?;
                    let when_none = (*op == CompareOp::Is) == when;
                    self.emit("POP_JUMP_IF_NONE", Op::PopJumpNone(when_none, target), "");
                    Ok(())
                }
                _ => {
                    self.expr(test)?;
                    self.pop_jump(target, when);
                    Ok(())
                }
            },
            _ => {
                self.expr(test)?;
                if !matches!(test.kind, ExprKind::Compare(..)) {
                    self.emit_to_bool();
                }
                self.pop_jump(target, when);
                Ok(())
            }
        }
    }

    fn emit_to_bool(&mut self) {
        if self.facts.shape.to_bool {
            self.emit("TO_BOOL", Op::Nop, "");
        }
    }

    fn pop_jump(&mut self, target: Label, when: bool) {
        self.emit("POP_JUMP", Op::PopJump(when, target), "");
    }

    /// The comparisons of a chain, with `stop` after all but the last.
    fn chain(
        &mut self,
        left: &Expr,
        rest: &[(CompareOp, Expr)],
        mut stop: impl FnMut(&mut Self),
    ) -> Result<()> {
        self.expr(left)?;
        let last = rest.len().saturating_sub(1);
        for (index, (op, right)) in rest.iter().enumerate() {
            self.expr(right)?;
            if index < last {
                if self.facts.shape.copy_and_swap {
                    self.emit("SWAP", Op::Swap(2), "2");
                    self.emit("COPY", Op::Copy(2), "2");
                } else {
                    self.emit("DUP_TOP", Op::Copy(1), "");
                    self.emit("ROT_THREE", Op::RotThree, "");
                }
            }
            self.compare(*op);
            if index < last {
                stop(self);
            }
        }
        Ok(())
    }

    fn compare(&mut self, op: CompareOp) {
        let opcode = match op {
            CompareOp::Is | CompareOp::IsNot if self.facts.shape.is_op => "IS_OP",
            CompareOp::In | CompareOp::NotIn if self.facts.shape.is_op => "CONTAINS_OP",
            _ => "COMPARE_OP",
        };
        self.emit(opcode, Op::Compare(op), op.symbol());
    }

    /// Leaves for `target`, keeping the value, if it counts as `when`; else drops it.
    fn jump_or_pop(&mut self, target: Label, when: bool) {
        if self.facts.shape.jump_or_pop {
            self.emit("JUMP_OR_POP", Op::JumpOrPop(when, target), "");
        } else {
            self.copy_top();
            self.emit_to_bool();
            self.pop_jump(target, when);
            self.emit("POP_TOP", Op::PopTop, "");
        }
    }

    // ---- expressions ----

    fn expr(&mut self, expr: &Expr) -> Result<()> {
        if let Some(value) = self.fold(expr) {
            self.python2_literals(expr)?;
            self.constant(value);
            return Ok(());
        }
        let outer = self.scope().position;
        self.scope().position = Some(expr.position);
        match &expr.kind {
            ExprKind::None => self.constant(Value::None),
            ExprKind::Bool(value) => self.constant(Value::Bool(*value)),
            ExprKind::Int(value, _) => self.constant(Value::Int(*value)),
            ExprKind::Str(text) => self.constant(Value::str(text)),
            ExprKind::Name(name) => self.load(name, expr.position)?,
            ExprKind::Tuple(items) => {
                for item in items {
                    self.expr(item)?;
                }
                let count = self.count(items.len(), expr.position)?;
                self.emit("BUILD_TUPLE", Op::BuildTuple(count), count.to_string());
            }
            ExprKind::List(items) => {
                for item in items {
                    self.expr(item)?;
                }
                let count = self.count(items.len(), expr.position)?;
                self.emit("BUILD_LIST", Op::BuildList(count), count.to_string());
            }
            ExprKind::Subscript(container, index) => {
                self.expr(container)?;
                self.expr(index)?;
                self.scope().position = Some(expr.position);
                self.subscript();
            }
            ExprKind::Unary(op, operand) => {
                self.expr(operand)?;
                if *op == UnaryOp::Not && !matches!(operand.kind, ExprKind::Compare(..)) {
                    self.emit_to_bool();
                }
                let opcode = match op {
                    UnaryOp::Negative => "UNARY_NEGATIVE",
                    UnaryOp::Positive => "UNARY_POSITIVE",
                    UnaryOp::Invert => "UNARY_INVERT",
                    UnaryOp::Not => "UNARY_NOT",
                };
                self.emit(opcode, Op::Unary(*op), "");
            }
            ExprKind::Binary(op, left, right) => {
                self.expr(left)?;
                self.expr(right)?;
                self.scope().position = Some(expr.position);
                self.binary(*op, false, expr.position)?;
            }
            ExprKind::Compare(left, rest) => self.compare_value(left, rest)?,
            ExprKind::Bools(all, values) => {
                let end = self.label();
                let last = values.len().saturating_sub(1);
                for (index, value) in values.iter().enumerate() {
                    // A constant decides at compile time: it ends the chain or has no part in it.
                    match self.fold(value).map(|value| value.truth(&Vec::new())) {
                        Some(truth) if truth == *all && index < last => continue,
                        Some(_) => {
                            self.expr(value)?;
                            break;
                        }
                        None => self.expr(value)?,
                    }
                    if index < last {
                        self.jump_or_pop(end, !*all);
                    }
                }
                self.place(end);
            }
            ExprKind::IfElse(test, body, orelse) => {
                let (other, end) = (self.label(), self.label());
                self.jump_if(test, other, false)?;
                self.expr(body)?;
                self.jump(end);
                self.place(other);
                self.expr(orelse)?;
                self.place(end);
            }
            ExprKind::Call(name, at, args) => self.call_expr(name, *at, args, expr.position)?,
            ExprKind::Comprehension(elt, generators) => match self.facts.shape.comprehension {
                Comprehension::Function => self.comprehension_function(elt, generators)?,
                Comprehension::Inlined => self.comprehension_inlined(elt, generators)?,
                Comprehension::Leaking => {
                    self.emit("BUILD_LIST", Op::BuildList(0), "0");
                    self.generators(elt, generators, 0, false)?;
                }
            },
        }
        self.scope().position = outer;
        Ok(())
    }

    fn compare_value(&mut self, left: &Expr, rest: &[(CompareOp, Expr)]) -> Result<()> {
        if rest.len() < 2 {
            return self.chain(left, rest, |_| {});
        }
        let (cleanup, end) = (self.label(), self.label());
        self.chain(left, rest, |compiler| compiler.jump_or_pop(cleanup, false))?;
        self.jump(end);
        self.place(cleanup);
        self.swap_two();
        self.emit("POP_TOP", Op::PopTop, "");
        self.place(end);
        Ok(())
    }

    fn call_expr(&mut self, name: &str, at: Position, args: &[Expr], position: Position) -> Result<()> {
        if let Meaning::Constant(value) = self.meaning(name, at)? {
            self.callee(name, value);
        } else {
            // `x()` is an error at run time; the others may hold a function.
            if self.facts.shape.call != Call::CallFunction {
                self.emit("PUSH_NULL", Op::Nop, "");
            }
            self.load(name, at)?;
        }
        for arg in args {
            self.expr(arg)?;
        }
        self.scope().position = Some(position);
        let count = self.count(args.len(), position)?;
        self.call(count);
        Ok(())
    }

    fn subscript(&mut self) {
        if self.facts.shape.subscript_is_binary_op {
            self.emit("BINARY_OP", Op::Subscript, "[]");
        } else {
            self.emit("BINARY_SUBSCR", Op::Subscript, "");
        }
    }

    fn binary(&mut self, op: BinaryOp, in_place: bool, position: Position) -> Result<()> {
        if op == BinaryOp::Divide && !self.facts.shape.python2 {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                "/ gives a float, which is not covered: use //",
                position,
            ));
        }
        if self.facts.shape.binary_op {
            let equals = if in_place { "=" } else { "" };
            let argument = format!("{}{equals}", op.symbol());
            self.emit("BINARY_OP", Op::Binary(op, in_place), argument);
        } else {
            self.emit(old_opcode(op, in_place), Op::Binary(op, in_place), "");
        }
        Ok(())
    }

    fn python2_literals(&self, expr: &Expr) -> Result<()> {
        let mut found = None;
        walk_expr(expr, &mut |expr| {
            if matches!(expr.kind, ExprKind::Int(_, true)) {
                found = found.or(Some(expr.position));
            }
        });
        match found {
            Some(position) if self.facts.shape.python2 => Err(self.error(
                SourceErrorKind::NotPython,
                "python 2 knows no underscores in numbers: leave them out",
                position,
            )),
            _ => Ok(()),
        }
    }

    /// The value of an expression that the compiler evaluates.
    fn fold(&self, expr: &Expr) -> Option<Value> {
        Some(match &expr.kind {
            ExprKind::None => Value::None,
            // A global in Python 2, and so no constant there.
            ExprKind::Bool(value) if !self.facts.shape.python2 => Value::Bool(*value),
            ExprKind::Int(value, _) => Value::Int(*value),
            ExprKind::Str(text) => Value::str(text),
            ExprKind::Tuple(items) => {
                Value::Tuple(items.iter().map(|item| self.fold(item)).collect::<Option<Arc<[_]>>>()?)
            }
            ExprKind::Unary(op, operand) => {
                let operand = self.fold(operand)?;
                value::unary(*op, &operand, &Vec::new()).ok()?
            }
            ExprKind::Binary(op, left, right) if *op != BinaryOp::Divide => {
                match (self.fold(left)?, self.fold(right)?) {
                    (Value::Int(left), Value::Int(right)) => {
                        Value::Int(value::int_binary(*op, left, right).ok()?)
                    }
                    _ => return None,
                }
            }
            ExprKind::Bools(all, values) => {
                let (last, values) = values.split_last()?;
                for value in values {
                    let value = self.fold(value)?;
                    if value.truth(&Vec::new()) != *all {
                        return Some(value);
                    }
                }
                self.fold(last)?
            }
            _ => return None,
        })
    }

    // ---- comprehensions ----

    fn comprehension_function(&mut self, elt: &Expr, generators: &[Generator]) -> Result<()> {
        let Some((first, _)) = generators.split_first() else {
            return Ok(());
        };
        let mut locals = vec![".0".to_owned()];
        for generator in generators {
            target_names(&generator.target, &mut |name| {
                if !locals.iter().any(|known| known == name) {
                    locals.push(name.to_owned());
                }
            });
        }
        let number = self.codes.len();
        self.codes.push(None);
        let position = self.scope().position;
        self.functions.push(Scope {
            name: "<listcomp>".to_owned(),
            parameters: 1,
            own: locals.len(),
            cells: BTreeSet::new(),
            locals,
            captures: Vec::new(),
            overlay: Vec::new(),
            x_is_global: true,
            drafts: Vec::new(),
            labels: Vec::new(),
            blocks: Vec::new(),
            position,
            is_comprehension: true,
        });
        self.resume();
        self.emit("BUILD_LIST", Op::BuildList(0), "0");
        self.emit("LOAD_FAST", Op::LoadFast(0), ".0");
        self.generators(elt, generators, 0, true)?;
        self.emit("RETURN_VALUE", Op::Return, "");
        let (code, _) = self.finish();
        let captures = code.captures.clone();
        self.codes[number] = Some(code);
        for &(outer, _) in &captures {
            let name = self.scope().locals.get(usize::from(outer)).cloned();
            self.emit("LOAD_CLOSURE", Op::Nop, name.unwrap_or_default());
        }
        if !captures.is_empty() {
            self.emit("BUILD_TUPLE", Op::Nop, captures.len().to_string());
        }
        self.emit("LOAD_CONST", Op::Nop, "<code object <listcomp>>");
        let number = u16::try_from(number)
            .map_err(|_| self.error(SourceErrorKind::NotCovered, "too many functions", elt.position))?;
        let outer = captures.iter().map(|&(outer, _)| outer).collect();
        self.emit("MAKE_FUNCTION", Op::MakeFunction(number, outer), "");
        self.iterable(&first.iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        match self.facts.shape.call {
            Call::CallFunction => self.emit("CALL_FUNCTION", Op::Call(1), "1"),
            Call::Precall | Call::Call => {
                self.emit("PRECALL", Op::Nop, "0");
                self.emit("CALL", Op::Call(1), "0");
            }
        }
        Ok(())
    }

    fn comprehension_inlined(&mut self, elt: &Expr, generators: &[Generator]) -> Result<()> {
        let Some((first, _)) = generators.split_first() else {
            return Ok(());
        };
        self.iterable(&first.iter)?;
        self.emit("GET_ITER", Op::GetIter, "");
        let mut names = Vec::new();
        for generator in generators {
            target_names(&generator.target, &mut |name| {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            });
        }
        let mut slots = Vec::new();
        for name in &names {
            let scope = self.scope();
            let slot = if let Some(slot) = scope.slot(name) {
                slot
            } else {
                // Not visible outside the comprehension: the name is the overlay's alone.
                let hidden = format!("{name} (comprehension)");
                if let Some(slot) = scope.locals.iter().position(|known| *known == hidden) {
                    u16::try_from(slot).unwrap_or(u16::MAX)
                } else {
                    scope.locals.push(hidden);
                    u16::try_from(scope.locals.len() - 1).unwrap_or(u16::MAX)
                }
            };
            slots.push(slot);
            self.emit("LOAD_FAST_AND_CLEAR", Op::LoadFastAndClear(slot), name.clone());
        }
        let depth = u16::try_from(names.len() + 1).unwrap_or(u16::MAX);
        self.emit("SWAP", Op::Swap(depth), depth.to_string());
        self.emit("BUILD_LIST", Op::BuildList(0), "0");
        self.emit("SWAP", Op::Swap(2), "2");
        let visible = self.scope().overlay.len();
        for (name, slot) in names.iter().zip(&slots) {
            self.scope().overlay.push((name.clone(), *slot));
        }
        self.generators(elt, generators, 0, true)?;
        self.scope().overlay.truncate(visible);
        self.emit("SWAP", Op::Swap(depth), depth.to_string());
        for (name, slot) in names.iter().zip(&slots).rev() {
            self.emit("STORE_FAST", Op::StoreFast(*slot), name.clone());
        }
        Ok(())
    }

    /// The loops of a comprehension from `index` on; `ready` if the first iterator is on the stack already.
    fn generators(&mut self, elt: &Expr, generators: &[Generator], index: usize, ready: bool) -> Result<()> {
        let Some(generator) = generators.get(index) else {
            self.expr(elt)?;
            let depth = self.count(index + 1, elt.position)?;
            self.emit("LIST_APPEND", Op::ListAppend(depth), depth.to_string());
            return Ok(());
        };
        if !ready {
            self.iterable(&generator.iter)?;
            self.emit("GET_ITER", Op::GetIter, "");
        }
        let (head, end) = (self.label(), self.label());
        self.place(head);
        self.emit("FOR_ITER", Op::ForIter(end), "");
        self.store_target(&generator.target)?;
        for condition in &generator.conditions {
            self.jump_if(condition, head, false)?;
        }
        self.generators(elt, generators, index + 1, false)?;
        self.jump(head);
        self.end_for(end);
        Ok(())
    }
}

const fn old_opcode(op: BinaryOp, in_place: bool) -> &'static str {
    match (op, in_place) {
        (BinaryOp::Add, false) => "BINARY_ADD",
        (BinaryOp::Add, true) => "INPLACE_ADD",
        (BinaryOp::Subtract, false) => "BINARY_SUBTRACT",
        (BinaryOp::Subtract, true) => "INPLACE_SUBTRACT",
        (BinaryOp::Multiply, false) => "BINARY_MULTIPLY",
        (BinaryOp::Multiply, true) => "INPLACE_MULTIPLY",
        (BinaryOp::FloorDivide, false) => "BINARY_FLOOR_DIVIDE",
        (BinaryOp::FloorDivide, true) => "INPLACE_FLOOR_DIVIDE",
        (BinaryOp::Divide, false) => "BINARY_DIVIDE",
        (BinaryOp::Divide, true) => "INPLACE_DIVIDE",
        (BinaryOp::Remainder, false) => "BINARY_MODULO",
        (BinaryOp::Remainder, true) => "INPLACE_MODULO",
        (BinaryOp::Power, false) => "BINARY_POWER",
        (BinaryOp::Power, true) => "INPLACE_POWER",
        (BinaryOp::LeftShift, false) => "BINARY_LSHIFT",
        (BinaryOp::LeftShift, true) => "INPLACE_LSHIFT",
        (BinaryOp::RightShift, false) => "BINARY_RSHIFT",
        (BinaryOp::RightShift, true) => "INPLACE_RSHIFT",
        (BinaryOp::And, false) => "BINARY_AND",
        (BinaryOp::And, true) => "INPLACE_AND",
        (BinaryOp::Or, false) => "BINARY_OR",
        (BinaryOp::Or, true) => "INPLACE_OR",
        (BinaryOp::Xor, false) => "BINARY_XOR",
        (BinaryOp::Xor, true) => "INPLACE_XOR",
    }
}

// ---- from drafts to code ----

/// Threads jumps, drops what cannot be reached, spells the jumps and looks up where the GIL may be dropped.
fn assemble(mut scope: Scope<'_>, facts: &Facts) -> (Code, Vec<usize>) {
    thread_jumps(&mut scope);
    let reachable = reachable(&scope);
    if facts.shape.jumps == Jumps::ForwardOnly {
        return place_drafts(invert_backward(scope, &reachable), facts);
    }
    place_drafts(keep(scope, &reachable), facts)
}

/// `optimize_basic_block` (2.7 to 3.9: `peephole.c`): a jump that keeps its value and goes to a test of that value goes on
/// to where that test leads. What was a silent jump may so become one that looks.
fn thread_jumps(scope: &mut Scope<'_>) {
    let line = |draft: &Draft| draft.position.map(|position| position.line);
    for index in (0..scope.drafts.len()).rev() {
        for _ in 0..scope.drafts.len() {
            let Op::JumpOrPop(when, label) = scope.drafts[index].op else {
                break;
            };
            let at = scope.labels[label];
            let Some(target) = scope.drafts.get(at) else {
                break;
            };
            if line(target) != line(&scope.drafts[index]) {
                break;
            }
            let op = match target.op {
                Op::JumpOrPop(same, next) if same == when && next != label => Op::JumpOrPop(when, next),
                Op::JumpOrPop(same, _) if same != when => {
                    scope.labels.push(at + 1);
                    Op::PopJump(when, scope.labels.len() - 1)
                }
                Op::PopJump(same, next) if same == when => Op::PopJump(when, next),
                _ => break,
            };
            let opcode = if matches!(op, Op::PopJump(..)) { "POP_JUMP" } else { "JUMP_OR_POP" };
            scope.drafts[index].op = op;
            scope.drafts[index].opcode = opcode;
        }
    }
}

fn reachable(scope: &Scope<'_>) -> Vec<bool> {
    let mut seen = vec![false; scope.drafts.len()];
    let mut open = vec![0];
    while let Some(index) = open.pop() {
        let Some(draft) = scope.drafts.get(index) else {
            continue;
        };
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        if let Some(label) = draft.op.target() {
            open.push(scope.labels[label]);
        }
        if !matches!(draft.op, Op::Jump(_) | Op::BreakLoop(..) | Op::Return | Op::ReturnConst(_)) {
            open.push(index + 1);
        }
    }
    // What ends a loop is skipped by `FOR_ITER`, yet CPython keeps it; it stands before the place that is jumped to.
    for (index, draft) in scope.drafts.iter().enumerate() {
        if matches!(draft.op, Op::LoopEnd) {
            seen[index] = true;
        }
    }
    seen
}

/// Code under way: drafts with labels, and where the original drafts have gone.
struct Moved<'a> {
    scope: Scope<'a>,
    moved: Vec<usize>,
}

fn keep<'a>(mut scope: Scope<'a>, reachable: &[bool]) -> Moved<'a> {
    let mut moved = Vec::with_capacity(reachable.len() + 1);
    let mut count = 0;
    for &kept in reachable {
        moved.push(count);
        count += usize::from(kept);
    }
    moved.push(count);
    let mut kept = reachable.iter();
    scope.drafts.retain(|_| kept.next().copied().unwrap_or(false));
    relabel(&mut scope, &moved);
    drop_empty_jumps(Moved { scope, moved })
}

fn relabel(scope: &mut Scope<'_>, moved: &[usize]) {
    for label in &mut scope.labels {
        *label = moved.get(*label).copied().unwrap_or(usize::MAX);
    }
}

/// A jump to the next instruction is none.
fn drop_empty_jumps(code: Moved<'_>) -> Moved<'_> {
    let Moved { mut scope, mut moved } = code;
    loop {
        let Some(index) = scope.drafts.iter().enumerate().position(
            |(index, draft)| matches!(draft.op, Op::Jump(label) if scope.labels[label] == index + 1),
        ) else {
            return Moved { scope, moved };
        };
        scope.drafts.remove(index);
        for place in scope.labels.iter_mut().chain(&mut moved) {
            if *place > index && *place != usize::MAX {
                *place -= 1;
            }
        }
    }
}

/// From 3.12 on a conditional jump goes forward only: one that went back skips a `JUMP_BACKWARD` instead
/// (`normalize_jumps_in_block`).
fn invert_backward<'a>(scope: Scope<'a>, reachable: &[bool]) -> Moved<'a> {
    let Moved { mut scope, mut moved } = keep(scope, reachable);
    let mut index = 0;
    while index < scope.drafts.len() {
        let inverted = match scope.drafts[index].op {
            Op::PopJump(when, label) if scope.labels[label] <= index => Some((false, when, label)),
            Op::PopJumpNone(when, label) if scope.labels[label] <= index => Some((true, when, label)),
            _ => None,
        };
        if let Some((none, when, back)) = inverted {
            for place in scope.labels.iter_mut().chain(&mut moved) {
                if *place > index && *place != usize::MAX {
                    *place += 1;
                }
            }
            let skip = scope.labels.len();
            scope.labels.push(index + 2);
            scope.drafts[index].op =
                if none { Op::PopJumpNone(!when, skip) } else { Op::PopJump(!when, skip) };
            let position = scope.drafts[index].position;
            scope.drafts.insert(
                index + 1,
                Draft { op: Op::Jump(back), opcode: "JUMP", argument: String::new(), position },
            );
            index += 1;
        }
        index += 1;
    }
    Moved { scope, moved }
}

fn place_drafts(code: Moved<'_>, facts: &Facts) -> (Code, Vec<usize>) {
    let Moved { scope, moved } = code;
    let mut instructions = Vec::with_capacity(scope.drafts.len());
    for (index, draft) in scope.drafts.into_iter().enumerate() {
        let target = draft.op.target().map(|label| scope.labels[label]);
        let back = target.is_some_and(|target| target <= index);
        let opcode = jump_name(&draft.op, back, facts.shape.jumps).unwrap_or(draft.opcode);
        let check = match (&draft.op, facts.drop.check(opcode)) {
            // A jump that cannot be taken by exception, or a call that is none: the name decides.
            (Op::EnterWith | Op::ExitWith, Check::Call) => Check::Always,
            (_, check) => check,
        };
        let mut op = draft.op;
        let mut argument = draft.argument;
        if let Some(target) = target {
            op.set_target(target);
            argument = format!("to {target}");
        }
        instructions.push(Instruction {
            op,
            opcode,
            argument,
            check,
            defers: facts.drop.deferred_before.contains(&opcode),
            position: draft.position,
        });
    }
    (
        Code {
            name: scope.name,
            parameters: scope.parameters,
            locals: scope.locals,
            captures: scope.captures,
            instructions,
        },
        moved,
    )
}

/// How a jump is spelt, which depends on its direction.
const fn jump_name(op: &Op, back: bool, jumps: Jumps) -> Option<&'static str> {
    Some(match (op, jumps, back) {
        (Op::Jump(_), _, false) => "JUMP_FORWARD",
        (Op::Jump(_), Jumps::Absolute, true) => "JUMP_ABSOLUTE",
        (Op::Jump(_), _, true) => "JUMP_BACKWARD",
        (Op::PopJump(true, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_TRUE",
        (Op::PopJump(false, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_FALSE",
        (Op::PopJump(true, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_TRUE",
        (Op::PopJump(false, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_FALSE",
        (Op::PopJump(true, _), _, _) => "POP_JUMP_IF_TRUE",
        (Op::PopJump(false, _), _, _) => "POP_JUMP_IF_FALSE",
        (Op::PopJumpNone(true, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_NONE",
        (Op::PopJumpNone(false, _), Jumps::Directed, false) => "POP_JUMP_FORWARD_IF_NOT_NONE",
        (Op::PopJumpNone(true, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_NONE",
        (Op::PopJumpNone(false, _), Jumps::Directed, true) => "POP_JUMP_BACKWARD_IF_NOT_NONE",
        (Op::PopJumpNone(true, _), _, _) => "POP_JUMP_IF_NONE",
        (Op::PopJumpNone(false, _), _, _) => "POP_JUMP_IF_NOT_NONE",
        (Op::JumpOrPop(true, _), _, _) => "JUMP_IF_TRUE_OR_POP",
        (Op::JumpOrPop(false, _), _, _) => "JUMP_IF_FALSE_OR_POP",
        _ => return None,
    })
}

// ---- walking the tree ----

fn target_names(target: &Expr, add: &mut impl FnMut(&str)) {
    match &target.kind {
        ExprKind::Name(name) => add(name),
        ExprKind::Tuple(targets) => targets.iter().for_each(|target| target_names(target, add)),
        _ => {}
    }
}

/// Calls `f` for the statement and each in its blocks.
fn walk_blocks<'s>(stmt: &'s Stmt, f: &mut impl FnMut(&'s Stmt)) {
    f(stmt);
    let mut all = |stmts: &'s [Stmt]| stmts.iter().for_each(|stmt| walk_blocks(stmt, &mut *f));
    match &stmt.kind {
        StmtKind::If(_, body, orelse)
        | StmtKind::For(_, _, body, orelse)
        | StmtKind::While(_, body, orelse)
        | StmtKind::Finally(body, orelse) => {
            all(body);
            all(orelse);
        }
        StmtKind::With(_, body) => all(body),
        _ => {}
    }
}

/// Calls `f` for each target of an assignment.
fn walk_targets(stmt: &Stmt, f: &mut impl FnMut(&Expr)) {
    walk_blocks(stmt, &mut |stmt| match &stmt.kind {
        StmtKind::Assign(targets, _) => targets.iter().for_each(&mut *f),
        StmtKind::AugAssign(target, ..) | StmtKind::For(target, ..) => f(target),
        StmtKind::With(items, _) => items.iter().filter_map(|(_, target)| target.as_ref()).for_each(&mut *f),
        _ => {}
    });
}

/// Calls `f` for each expression, those inside others included.
fn walk_stmt(stmt: &Stmt, f: &mut impl FnMut(&Expr)) {
    walk_blocks(stmt, &mut |stmt| {
        let mut walk = |expr: &Expr| walk_expr(expr, f);
        match &stmt.kind {
            StmtKind::Assign(targets, value) => {
                targets.iter().for_each(&mut walk);
                walk(value);
            }
            StmtKind::AugAssign(target, _, value) => {
                walk(target);
                walk(value);
            }
            StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) => walk(expr),
            StmtKind::If(test, ..) | StmtKind::While(test, ..) => walk(test),
            StmtKind::For(target, iter, ..) => {
                walk(target);
                walk(iter);
            }
            StmtKind::With(items, _) => {
                for (lock, target) in items {
                    walk(lock);
                    target.iter().for_each(&mut walk);
                }
            }
            _ => {}
        }
    });
}

fn walk_expr(expr: &Expr, f: &mut impl FnMut(&Expr)) {
    f(expr);
    let mut walk = |expr: &Expr| walk_expr(expr, &mut *f);
    match &expr.kind {
        ExprKind::Tuple(items)
        | ExprKind::List(items)
        | ExprKind::Bools(_, items)
        | ExprKind::Call(_, _, items) => {
            items.iter().for_each(walk);
        }
        ExprKind::Subscript(left, right) | ExprKind::Binary(_, left, right) => {
            walk(left);
            walk(right);
        }
        ExprKind::Unary(_, operand) => walk(operand),
        ExprKind::Compare(left, rest) => {
            walk(left);
            for (_, right) in rest {
                walk(right);
            }
        }
        ExprKind::IfElse(test, body, orelse) => {
            walk(test);
            walk(body);
            walk(orelse);
        }
        ExprKind::Comprehension(elt, generators) => {
            walk(elt);
            for generator in generators {
                walk(&generator.iter);
                generator.conditions.iter().for_each(&mut walk);
            }
        }
        _ => {}
    }
}

/// The variables of a function that the function of a comprehension uses: all names in it but the first iterable's.
fn captured(elt: &Expr, generators: &[Generator], locals: &[String], cells: &mut BTreeSet<String>) {
    let mut own = BTreeSet::new();
    for generator in generators {
        target_names(&generator.target, &mut |name| {
            own.insert(name.to_owned());
        });
    }
    let mut used = |expr: &Expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Call(name, ..) if !own.contains(name) && locals.contains(name) => {
            cells.insert(name.clone());
        }
        _ => {}
    };
    walk_expr(elt, &mut used);
    for (index, generator) in generators.iter().enumerate() {
        if index > 0 {
            walk_expr(&generator.iter, &mut used);
        }
        for condition in &generator.conditions {
            walk_expr(condition, &mut used);
        }
    }
}
