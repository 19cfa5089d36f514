//! The syntax tree, of covered constructs only, and ways to walk it.

use super::{
    instruction::Stars,
    operators::{BinaryOp, CompareOp, UnaryOp},
    source::Position,
};

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) position: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExprKind {
    None,
    Bool(bool),
    /// With whether its digits were grouped by underscores.
    Int(i64, bool),
    /// The digits of an integer that does not fit 64 bits.
    BigInt(String),
    Str(String),
    Name(String),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Subscript(Box<Expr>, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `and` (true) or `or` (false) of two or more.
    Bools(bool, Vec<Expr>),
    IfElse(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A call by name, without keywords.
    Call(String, Position, Vec<Expr>),
    Comprehension(Collection, Box<Expr>, Vec<Generator>),
    // What follows stands in whole programs only.
    /// The bits of a float.
    Float(u64),
    Attribute(Box<Expr>, String),
    /// A call of any value, with keywords.
    CallValue(Box<Expr>, Vec<Expr>, Vec<(String, Expr)>),
    Dict(Vec<(Expr, Expr)>),
    Set(Vec<Expr>),
    Slice([Option<Box<Expr>>; 3]),
    Lambda(Box<Function>),
    /// A call with stars: each argument with whether it has one, each keyword or, for two stars, none.
    CallStars(Box<Expr>, Vec<(bool, Expr)>, Vec<(Option<String>, Expr)>),
    Yield(Option<Box<Expr>>),
    FString(Vec<FStringPart>),
}

/// What a comprehension collects its elements in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collection {
    List,
    Set,
    /// The element is a pair.
    Dict,
    /// A generator expression.
    Generator,
}

impl Collection {
    /// What CPython calls the function of such a comprehension.
    pub(crate) const fn function_name(self) -> &'static str {
        match self {
            Self::List => "<listcomp>",
            Self::Set => "<setcomp>",
            Self::Dict => "<dictcomp>",
            Self::Generator => "<genexpr>",
        }
    }
}

/// A piece of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FStringPart {
    Text(String),
    /// A value, whether it is shown by `repr()`, and its format.
    Value(Box<Expr>, bool, String),
}

/// One `for … in … if …` of a list comprehension.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Generator {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) conditions: Vec<Expr>,
}

/// A statement and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stmt {
    pub(crate) kind: StmtKind,
    pub(crate) position: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StmtKind {
    Assign(Vec<Expr>, Expr),
    AugAssign(Expr, BinaryOp, Expr),
    Expr(Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    For(Expr, Expr, Vec<Stmt>, Vec<Stmt>),
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    With(Vec<(Expr, Option<Expr>)>, Vec<Stmt>),
    Finally(Vec<Stmt>, Vec<Stmt>),
    Break,
    Continue,
    Pass,
    Return(Option<Expr>),
    GlobalX,
    // What follows stands in whole programs only.
    Global(Vec<String>),
    Nonlocal(Vec<String>),
    Define(Box<Function>),
    Class(Box<Class>),
    /// Modules, and the names that they are bound to; a package's name is bound to the package.
    Import(Vec<(String, String)>),
    /// A module, and what is taken from it under which names.
    ImportFrom(String, Vec<(String, String)>),
    Try(Vec<Stmt>, Vec<Handler>, Vec<Stmt>),
    Raise(Option<Expr>),
    Assert(Expr, Option<Expr>),
    Delete(Vec<Expr>),
}

/// An `except` clause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Handler {
    pub(crate) class: Option<Expr>,
    pub(crate) name: Option<String>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) position: Position,
}

/// A `class` statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) base: Option<Expr>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) position: Position,
}

/// A `def`, or a `lambda`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) position: Position,
    /// The default values of the last parameters by position, and then of those by keyword alone.
    pub(crate) defaults: Vec<Expr>,
    pub(crate) decorators: Vec<Expr>,
    /// What stands behind the parameters that go by position, and is among `parameters`, too.
    pub(crate) stars: Stars,
    pub(crate) generator: bool,
}

impl Function {
    /// How many parameters go by position.
    pub(crate) fn positional(&self) -> usize {
        let Stars { keyword_only, list, dict } = &self.stars;
        self.parameters.len() - keyword_only.len() - usize::from(*list) - usize::from(*dict)
    }

    /// The parameters that have a default value, each with it.
    pub(crate) fn with_defaults(&self) -> impl Iterator<Item = (&str, &Expr)> {
        let (by_position, others) = self.parameters.split_at(self.positional());
        let by_keyword = others.iter().zip(&self.stars.keyword_only).filter(|(_, has_default)| **has_default);
        let by_keyword: Vec<&String> = by_keyword.map(|(name, _)| name).collect();
        let without = (by_position.len() + by_keyword.len()).saturating_sub(self.defaults.len());
        by_position.iter().skip(without).chain(by_keyword).map(String::as_str).zip(&self.defaults)
    }
}

/// What the setup defines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Setup {
    pub(crate) functions: Vec<Function>,
    pub(crate) locks: Vec<String>,
}

/// Whether an import of a module binds the package that it is in: `import a.b` binds `a`.
pub(crate) fn binds_package(module: &str, name: &str) -> bool {
    module.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

/// Calls `f` for each single target that one may be made of.
pub(crate) fn single_targets<'e>(target: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match &target.kind {
        ExprKind::Tuple(targets) => targets.iter().for_each(|target| single_targets(target, f)),
        _ => f(target),
    }
}

pub(crate) fn target_names(target: &Expr, add: &mut impl FnMut(&str)) {
    single_targets(target, &mut |target| {
        if let ExprKind::Name(name) = &target.kind {
            add(name);
        }
    });
}

/// Calls `f` for the statement and each in its blocks.
pub(crate) fn walk_blocks<'s>(stmt: &'s Stmt, f: &mut dyn FnMut(&'s Stmt)) {
    f(stmt);
    let mut all = |stmts: &'s [Stmt]| {
        for stmt in stmts {
            walk_blocks(stmt, &mut *f);
        }
    };
    match &stmt.kind {
        StmtKind::If(_, body, orelse)
        | StmtKind::For(_, _, body, orelse)
        | StmtKind::While(_, body, orelse)
        | StmtKind::Finally(body, orelse) => {
            all(body);
            all(orelse);
        }
        StmtKind::With(_, body) => all(body),
        StmtKind::Try(body, handlers, orelse) => {
            all(body);
            for handler in handlers {
                all(&handler.body);
            }
            all(orelse);
        }
        _ => {}
    }
}

/// Calls `f` for each target of an assignment.
pub(crate) fn walk_targets(stmt: &Stmt, f: &mut dyn FnMut(&Expr)) {
    walk_blocks(stmt, &mut |stmt| match &stmt.kind {
        StmtKind::Assign(targets, _) | StmtKind::Delete(targets) => targets.iter().for_each(&mut *f),
        StmtKind::AugAssign(target, ..) | StmtKind::For(target, ..) => f(target),
        StmtKind::With(items, _) => items.iter().filter_map(|(_, target)| target.as_ref()).for_each(&mut *f),
        _ => {}
    });
}

/// Calls `f` for each expression, those inside others included.
pub(crate) fn walk_stmt(stmt: &Stmt, f: &mut dyn FnMut(&Expr)) {
    each_expr(stmt, &mut |expr| walk_expr(expr, f));
}

/// Calls `f` for each expression that stands in a statement or in its blocks, and for none inside another.
pub(crate) fn each_expr(stmt: &Stmt, f: &mut dyn FnMut(&Expr)) {
    walk_blocks(stmt, &mut |stmt| match &stmt.kind {
        StmtKind::Assign(targets, value) => {
            targets.iter().for_each(&mut *f);
            f(value);
        }
        StmtKind::AugAssign(target, _, value) => {
            f(target);
            f(value);
        }
        StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) | StmtKind::Raise(Some(expr)) => f(expr),
        StmtKind::Assert(test, message) => {
            f(test);
            message.iter().for_each(&mut *f);
        }
        StmtKind::Delete(targets) => targets.iter().for_each(&mut *f),
        StmtKind::Try(_, handlers, _) => {
            handlers.iter().filter_map(|handler| handler.class.as_ref()).for_each(&mut *f);
        }
        StmtKind::Define(function) => {
            function.defaults.iter().chain(&function.decorators).for_each(&mut *f);
        }
        StmtKind::Class(class) => class.base.iter().for_each(&mut *f),
        StmtKind::If(test, ..) | StmtKind::While(test, ..) => f(test),
        StmtKind::For(target, iter, ..) => {
            f(target);
            f(iter);
        }
        StmtKind::With(items, _) => {
            for (lock, target) in items {
                f(lock);
                target.iter().for_each(&mut *f);
            }
        }
        _ => {}
    });
}

/// Calls `f` for an expression and each inside it.
pub(crate) fn walk_expr(expr: &Expr, f: &mut dyn FnMut(&Expr)) {
    f(expr);
    each_part(expr, &mut |part| walk_expr(part, f));
}

/// Calls `f` for each expression of which an expression is made, and for none inside those.
pub(crate) fn each_part(expr: &Expr, f: &mut dyn FnMut(&Expr)) {
    let mut walk = |expr: &Expr| f(expr);
    match &expr.kind {
        ExprKind::Tuple(items)
        | ExprKind::List(items)
        | ExprKind::Bools(_, items)
        | ExprKind::Set(items)
        | ExprKind::Call(_, _, items) => {
            items.iter().for_each(walk);
        }
        ExprKind::Attribute(value, _) => walk(value),
        ExprKind::CallValue(function, args, keywords) => {
            walk(function);
            args.iter().for_each(&mut walk);
            for (_, value) in keywords {
                walk(value);
            }
        }
        ExprKind::CallStars(function, args, keywords) => {
            walk(function);
            for (_, arg) in args {
                walk(arg);
            }
            for (_, value) in keywords {
                walk(value);
            }
        }
        ExprKind::Yield(value) => value.iter().for_each(|value| walk(value)),
        ExprKind::Dict(items) => items.iter().for_each(|(key, value)| {
            walk(key);
            walk(value);
        }),
        ExprKind::Slice(bounds) => bounds.iter().flatten().for_each(|bound| walk(bound)),
        ExprKind::Lambda(function) => function.defaults.iter().for_each(walk),
        ExprKind::FString(parts) => parts.iter().for_each(|part| {
            if let FStringPart::Value(value, ..) = part {
                walk(value);
            }
        }),
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
        ExprKind::Comprehension(_, elt, generators) => {
            walk(elt);
            for generator in generators {
                walk(&generator.iter);
                generator.conditions.iter().for_each(&mut walk);
            }
        }
        _ => {}
    }
}

/// Calls `f` for each statement, those of functions and classes included.
pub(crate) fn all_statements(stmts: &[Stmt], f: &mut dyn FnMut(&Stmt)) {
    for stmt in stmts {
        let mut inner: Vec<&[Stmt]> = Vec::new();
        walk_blocks(stmt, &mut |stmt| {
            f(stmt);
            match &stmt.kind {
                StmtKind::Define(function) => inner.push(&function.body),
                StmtKind::Class(class) => inner.push(&class.body),
                _ => {}
            }
        });
        for stmts in inner {
            all_statements(stmts, f);
        }
    }
}

/// Calls `f` for each expression, those of functions, lambdas and classes included.
pub(crate) fn all_expressions(stmts: &[Stmt], f: &mut dyn FnMut(&Expr)) {
    for stmt in stmts {
        let mut lambdas: Vec<Vec<Stmt>> = Vec::new();
        walk_stmt(stmt, &mut |expr| {
            f(expr);
            if let ExprKind::Lambda(function) = &expr.kind {
                lambdas.push(function.body.clone());
            }
        });
        for body in lambdas {
            all_expressions(&body, f);
        }
        let mut inner: Vec<&[Stmt]> = Vec::new();
        walk_blocks(stmt, &mut |stmt| match &stmt.kind {
            StmtKind::Define(function) => inner.push(&function.body),
            StmtKind::Class(class) => inner.push(&class.body),
            _ => {}
        });
        for stmts in inner {
            all_expressions(stmts, f);
        }
    }
}
