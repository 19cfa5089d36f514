//! `@dataclass`: the methods that the decorator writes, as statements of the class (`Lib/dataclasses.py`, `_process_class`).
//!
//! The decorator is taken without options, and fields with a default or a factory. What it makes of `==` and of hashing is not modelled: a
//! class of its kind is known by [`FIELDS`], and the machine refuses to compare its objects.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::super::{
    instruction::Stars,
    operators::CompareOp,
    source::{Position, SourceError},
    syntax::{Expr, ExprKind, FStringPart, Function, Stmt, StmtKind},
};
use super::{reader::Reader, statements::Context};

/// The attribute that such a class has.
pub(crate) const FIELDS: &str = "__dataclass_fields__";

/// What stands for an argument that is left out, where a factory makes the value.
const LEFT_OUT: &str = "<factory>";

/// A field, in the order of the class.
struct Field {
    name: String,
    default: Option<Expr>,
    factory: Option<Expr>,
}

fn is_of_module(expr: &ast::Expr, wanted: &str) -> bool {
    match expr {
        ast::Expr::Name(name) => name.id.as_str() == wanted,
        ast::Expr::Attribute(attribute) => {
            attribute.attr.as_str() == wanted
                && matches!(&*attribute.value, ast::Expr::Name(module) if module.id.as_str() == "dataclasses")
        }
        _ => false,
    }
}

/// Whether an annotation says that a variable is of the class, and no field.
fn is_class_variable(annotation: &ast::Expr) -> bool {
    match annotation {
        ast::Expr::Subscript(subscript) => is_class_variable(&subscript.value),
        ast::Expr::Name(name) => name.id.as_str() == "ClassVar",
        ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "ClassVar",
        _ => false,
    }
}

impl Reader<'_> {
    /// Whether a decorator is the one of the module `dataclasses`, without options.
    pub(super) fn is_dataclass(&self, decorator: &ast::Expr) -> bool {
        match decorator {
            ast::Expr::Call(call) => call.arguments.is_empty() && self.is_dataclass(&call.func),
            ast::Expr::Name(_) => {
                is_of_module(decorator, "dataclass") && self.text.contains("from dataclasses import")
            }
            _ => is_of_module(decorator, "dataclass") && self.text.contains("import dataclasses"),
        }
    }

    /// The body of a dataclass, with the methods that it is given.
    pub(super) fn dataclass(
        &self,
        class: &ast::StmtClassDef,
        depth: usize,
    ) -> Result<Vec<Stmt>, SourceError> {
        let bases = class.arguments.as_deref().map_or(&[][..], |arguments| &arguments.args);
        if let Some(base) = bases.first() {
            return Err(self.not_covered(
                "a dataclass with a base class",
                "write its fields down",
                base.range(),
            ));
        }
        let context = Context { in_loop: false, in_function: false };
        let position = self.position(class.name.range());
        let (mut body, mut fields) = (Vec::new(), Vec::<Field>::new());
        for stmt in &class.body {
            if let ast::Stmt::AnnAssign(assign) = stmt
                && let ast::Expr::Name(name) = &*assign.target
                && !is_class_variable(&assign.annotation)
            {
                let field = self.field(name.id.to_string(), assign.value.as_deref(), depth)?;
                let has_default = field.default.is_some() || field.factory.is_some();
                if !has_default
                    && fields.iter().any(|field| field.default.is_some() || field.factory.is_some())
                {
                    let advice = "write those with a default last";
                    return Err(self.not_covered(
                        "a field without a default behind one with",
                        advice,
                        stmt.range(),
                    ));
                }
                if let Some(Expr { kind: ExprKind::List(_) | ExprKind::Dict(_) | ExprKind::Set(_), .. }) =
                    &field.default
                {
                    return Err(self.not_covered(
                        "a list, dict or set as the default of a field, which raises ValueError,",
                        "give it a default_factory",
                        stmt.range(),
                    ));
                }
                if let Some(default) = &field.default {
                    body.push(bind(ExprKind::Name(field.name.clone()), default.clone(), position));
                }
                fields.push(field);
            } else {
                body.push(self.stmt(stmt, context, depth + 1)?);
            }
        }
        let defines = |name: &str| {
            body.iter().any(|stmt| matches!(&stmt.kind, StmtKind::Define(function) if function.name == name))
        };
        let (init, repr, after) = (defines("__init__"), defines("__repr__"), defines("__post_init__"));
        if !init {
            body.push(self::init(&fields, after, position));
        }
        if !repr {
            body.push(self::repr(class.name.as_str(), &fields, position));
        }
        let names = fields.iter().map(|field| at(ExprKind::Str(field.name.clone()), position)).collect();
        body.push(bind(ExprKind::Name(FIELDS.to_owned()), at(ExprKind::Tuple(names), position), position));
        Ok(body)
    }

    fn field(&self, name: String, value: Option<&ast::Expr>, depth: usize) -> Result<Field, SourceError> {
        let mut field = Field { name, default: None, factory: None };
        match value {
            None => {}
            Some(ast::Expr::Call(call)) if is_of_module(&call.func, "field") => {
                for keyword in &call.arguments.keywords {
                    let value = self.expr(&keyword.value, depth)?;
                    match keyword.arg.as_ref().map(ast::Identifier::as_str) {
                        Some("default") => field.default = Some(value),
                        Some("default_factory") => field.factory = Some(value),
                        _ => {
                            let advice = "give it a default or a default_factory";
                            return Err(self.not_covered("such a field()", advice, keyword.range()));
                        }
                    }
                }
            }
            Some(value) => field.default = Some(self.expr(value, depth)?),
        }
        Ok(field)
    }
}

fn at(kind: ExprKind, position: Position) -> Expr {
    Expr { kind, position }
}

fn bind(target: ExprKind, value: Expr, position: Position) -> Stmt {
    Stmt { kind: StmtKind::Assign(vec![at(target, position)], value), position }
}

fn name(name: &str, position: Position) -> Expr {
    at(ExprKind::Name(name.to_owned()), position)
}

fn of_self(attribute: &str, position: Position) -> ExprKind {
    ExprKind::Attribute(Box::new(name("self", position)), attribute.to_owned())
}

fn method(
    name: &str,
    parameters: Vec<String>,
    defaults: Vec<Expr>,
    body: Vec<Stmt>,
    position: Position,
) -> Stmt {
    let function = Function {
        name: name.to_owned(),
        parameters,
        body,
        position,
        defaults,
        decorators: Vec::new(),
        stars: Stars::default(),
        generator: false,
    };
    Stmt { kind: StmtKind::Define(Box::new(function)), position }
}

/// `__init__`, which sets each field and then calls `__post_init__`, if there is one.
fn init(fields: &[Field], after: bool, position: Position) -> Stmt {
    let (mut defaults, mut body) = (Vec::new(), Vec::new());
    for field in fields {
        let given = name(&field.name, position);
        let value = match &field.factory {
            None => given,
            Some(factory) => {
                let left_out = at(ExprKind::Str(LEFT_OUT.to_owned()), position);
                defaults.push(left_out.clone());
                let test = ExprKind::Compare(Box::new(given.clone()), vec![(CompareOp::Is, left_out)]);
                let made = ExprKind::CallValue(Box::new(factory.clone()), Vec::new(), Vec::new());
                let parts = [at(test, position), at(made, position), given].map(Box::new);
                let [test, made, given] = parts;
                at(ExprKind::IfElse(test, made, given), position)
            }
        };
        defaults.extend(field.default.clone());
        body.push(bind(of_self(&field.name, position), value, position));
    }
    if after {
        let method = Box::new(at(of_self("__post_init__", position), position));
        let call = at(ExprKind::CallValue(method, Vec::new(), Vec::new()), position);
        body.push(Stmt { kind: StmtKind::Expr(call), position });
    }
    if body.is_empty() {
        body.push(Stmt { kind: StmtKind::Pass, position });
    }
    let parameters = std::iter::once("self".to_owned()).chain(fields.iter().map(|field| field.name.clone()));
    method("__init__", parameters.collect(), defaults, body, position)
}

/// `__repr__`: `Account(owner='ann', balance=5)`.
fn repr(class: &str, fields: &[Field], position: Position) -> Stmt {
    let mut parts = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let before = if number == 0 { format!("{class}(") } else { ", ".to_owned() };
        parts.push(FStringPart::Text(format!("{before}{}=", field.name)));
        let value = at(of_self(&field.name, position), position);
        parts.push(FStringPart::Value(Box::new(value), true, String::new()));
    }
    let last = if fields.is_empty() { format!("{class}()") } else { ")".to_owned() };
    parts.push(FStringPart::Text(last));
    let text = at(ExprKind::FString(parts), position);
    let body = vec![Stmt { kind: StmtKind::Return(Some(text)), position }];
    method("__repr__", vec!["self".to_owned()], Vec::new(), body, position)
}
