//! What an older Python refuses of a program that a new one takes.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Operator, PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::super::source::{Source, SourceError, SourceErrorKind};
use super::reader::Reader;
use crate::python::version::Version;

/// Builtin classes that take no subscript before 3.9 (PEP 585).
const GENERIC: [&str; 6] = ["list", "dict", "set", "frozenset", "tuple", "type"];

/// Why a program that a new Python takes is none for that version: syntax that is newer, or an annotation that raises when it is evaluated.
pub(crate) fn refusal(text: &str, version: Version) -> Option<SourceError> {
    let (major, minor) = version.major_minor();
    let target = PythonVersion { major, minor };
    let reader = Reader { text, source: Source::File, whole: true };
    let refused = |message: &str, range| reader.error(SourceErrorKind::NotPython, message, range);
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(target));
    if let Some(error) = parsed.unsupported_syntax_errors().first() {
        return Some(refused(&error.to_string().to_lowercase(), error.range));
    }
    let ast::Mod::Module(module) = parsed.into_syntax() else { return None };
    let imports = |feature: &str| {
        module.body.iter().any(|stmt| match stmt {
            Stmt::ImportFrom(import) => {
                import.module.as_deref() == Some("__future__")
                    && import.names.iter().any(|alias| alias.name.as_str() == feature)
            }
            _ => false,
        })
    };
    let mut newer = Newer {
        target,
        prints_by_function: imports("print_function"),
        evaluates: !imports("annotations"),
        in_function: false,
        function: Ways::default(),
        class: None,
        found: None,
    };
    if !newer.evaluates && target < PythonVersion::PY37 {
        return Some(refused("annotations are no feature of __future__ before 3.7", TextRange::default()));
    }
    newer.visit_body(&module.body);
    newer.found.map(|(range, message)| refused(message, range))
}

/// Looks for the first thing that a version does not know.
struct Newer {
    target: PythonVersion,
    /// Whether `print` is a function in Python 2, too.
    prints_by_function: bool,
    /// Whether annotations are evaluated.
    evaluates: bool,
    in_function: bool,
    function: Ways,
    /// The class whose body it is, which has no name yet.
    class: Option<String>,
    found: Option<(TextRange, &'static str)>,
}

/// How the function that is looked at gives values back.
#[derive(Default)]
struct Ways {
    /// Where it returns one.
    returned: Option<TextRange>,
    /// Whether it is a generator.
    yields: bool,
}

impl Newer {
    fn is_python2(&self) -> bool {
        self.target.major < 3
    }

    fn refuse(&mut self, range: TextRange, message: &'static str) {
        self.found = self.found.or(Some((range, message)));
    }

    fn annotated(&mut self, annotation: &Expr) {
        if self.is_python2() {
            self.refuse(annotation.range(), "python 2 knows no annotations: leave them out");
        } else if self.evaluates {
            let mut raises = Raises {
                target: self.target,
                class: self.class.as_deref().filter(|_| !self.in_function),
                found: None,
            };
            raises.visit_expr(annotation);
            if let Some((range, message)) = raises.found {
                self.refuse(range, message);
            }
        }
    }
}

/// Where a statement goes on with a loop around it.
fn continues(stmt: &Stmt) -> Option<TextRange> {
    let any = |body: &[Stmt]| body.iter().find_map(continues);
    match stmt {
        Stmt::Continue(it) => Some(it.range()),
        Stmt::If(it) => {
            any(&it.body).or_else(|| it.elif_else_clauses.iter().find_map(|clause| any(&clause.body)))
        }
        Stmt::With(it) => any(&it.body),
        Stmt::Try(it) => any(&it.body).or_else(|| any(&it.orelse)).or_else(|| any(&it.finalbody)),
        _ => None,
    }
}

impl<'a> Visitor<'a> for Newer {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                let parameters = &def.parameters;
                if self.is_python2() && !parameters.kwonlyargs.is_empty() {
                    self.refuse(parameters.range(), "python 2 knows no keyword-only parameters");
                }
                let annotations = parameters.iter().filter_map(ast::AnyParameterRef::annotation);
                annotations.chain(def.returns.as_deref()).for_each(|annotation| self.annotated(annotation));
                let outer = std::mem::replace(&mut self.in_function, true);
                let around = std::mem::take(&mut self.function);
                visitor::walk_stmt(self, stmt);
                let function = std::mem::replace(&mut self.function, around);
                if let Some(range) = function.returned.filter(|_| function.yields && self.is_python2()) {
                    self.refuse(range, "a generator of python 2 returns no value");
                }
                self.in_function = outer;
            }
            Stmt::AnnAssign(assign) => {
                // A function does not evaluate those of its own variables.
                if self.is_python2() || !self.in_function {
                    self.annotated(&assign.annotation);
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Try(it) if self.target < PythonVersion::PY38 => {
                if let Some(range) = it.finalbody.iter().find_map(continues) {
                    self.refuse(range, "continue in a finally is no syntax before 3.8");
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::ClassDef(class) => {
                let outer = self.class.replace(class.name.to_string());
                visitor::walk_stmt(self, stmt);
                self.class = outer;
            }
            Stmt::Return(it) => {
                self.function.returned =
                    self.function.returned.or_else(|| it.value.as_ref().map(|value| value.range()));
                visitor::walk_stmt(self, stmt);
            }
            // What stands in parentheses behind the statement can be that: a comparison, a text, several values.
            Stmt::Expr(it)
                if let Some(arguments) = printed(&it.value)
                    && self.is_python2()
                    && !self.prints_by_function =>
            {
                let arguments_by_place = &arguments.args;
                if !arguments.keywords.is_empty() || arguments_by_place.iter().any(Expr::is_starred_expr) {
                    self.refuse(it.range(), PRINT);
                }
                for argument in arguments_by_place {
                    self.visit_expr(argument);
                }
            }
            Stmt::Raise(raise) if self.is_python2() && raise.cause.is_some() => {
                self.refuse(raise.range(), "python 2 knows no raise … from");
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.function.yields |= matches!(expr, Expr::Yield(_));
        if let Expr::Call(call) = expr
            && self.is_python2()
            && call.arguments.args.iter().skip_while(|arg| !arg.is_starred_expr()).nth(1).is_some()
        {
            self.refuse(call.range(), "python 2 takes no arguments by place behind *args");
        }
        if let Expr::Name(name) = expr
            && name.id.as_str() == "print"
            && self.is_python2()
            && !self.prints_by_function
        {
            self.refuse(name.range(), PRINT);
        }
        visitor::walk_expr(self, expr);
    }
}

const PRINT: &str = "print is a statement in python 2: write from __future__ import print_function";

/// What a call of `print` is given.
fn printed(expr: &Expr) -> Option<&ast::Arguments> {
    let Expr::Call(call) = expr else { return None };
    let is_print = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "print");
    is_print.then_some(&call.arguments)
}

/// Looks for what raises when an annotation is evaluated.
struct Raises<'c> {
    target: PythonVersion,
    class: Option<&'c str>,
    found: Option<(TextRange, &'static str)>,
}

impl<'a> Visitor<'a> for Raises<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let message = match expr {
            Expr::Subscript(subscript)
                if self.target < PythonVersion::PY39
                    && matches!(&*subscript.value, Expr::Name(name) if GENERIC.contains(&name.id.as_str())) =>
            {
                Some("an annotation such as list[int] raises TypeError before 3.9: put it in quotes")
            }
            Expr::Name(name)
                if self.target < PythonVersion::PY314 && self.class == Some(name.id.as_str()) =>
            {
                Some(
                    "an annotation that names the class around it raises NameError before 3.14: put it in quotes",
                )
            }
            Expr::BinOp(operation)
                if self.target < PythonVersion::PY310 && operation.op == Operator::BitOr =>
            {
                Some("an annotation such as int | None raises TypeError before 3.10: put it in quotes")
            }
            _ => None,
        };
        self.found = self.found.or(message.map(|message| (expr.range(), message)));
        visitor::walk_expr(self, expr);
    }
}
