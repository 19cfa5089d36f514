//! A loop body, and the definitions of a setup.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::super::{
    instruction::Stars,
    source::{Source, SourceError, SourceErrorKind},
    syntax::{Function, Setup, Stmt},
    values::Builtin,
};
use super::{
    reader::{Reader, stmt_name},
    statements::Context,
};

/// Parses the statements of a loop body.
pub(crate) fn body(text: &str) -> Result<Vec<Stmt>, SourceError> {
    let reader = Reader { text, source: Source::Body, whole: false };
    let module = reader.module()?;
    if module.body.is_empty() {
        return Err(reader.error(
            SourceErrorKind::Empty,
            "write at least one statement, such as x += d",
            TextRange::default(),
        ));
    }
    reader.block(&module.body, Context::BODY, 0)
}

/// Parses the module-level definitions that a body may use.
pub(crate) fn setup(text: &str) -> Result<Setup, SourceError> {
    let reader = Reader { text, source: Source::Setup, whole: false };
    let module = reader.module()?;
    let mut setup = Setup::default();
    for stmt in &module.body {
        match stmt {
            ast::Stmt::FunctionDef(def) => {
                let function = reader.function(def)?;
                reader.unused_name(&setup, &function.name, def.name.range())?;
                setup.functions.push(function);
            }
            ast::Stmt::Assign(assign) => match (&assign.targets[..], &*assign.value) {
                ([ast::Expr::Name(name)], ast::Expr::Call(call)) if is_lock(call) => {
                    reader.unused_name(&setup, name.id.as_str(), name.range())?;
                    setup.locks.push(name.id.to_string());
                }
                _ => {
                    return Err(reader.not_covered(
                        "this assignment",
                        "the setup may have def and NAME = threading.Lock()",
                        assign.range(),
                    ));
                }
            },
            ast::Stmt::Import(import)
                if import
                    .names
                    .iter()
                    .all(|alias| alias.name.as_str() == "threading" && alias.asname.is_none()) => {}
            ast::Stmt::Pass(_) => {}
            other => {
                return Err(reader.not_covered(
                    stmt_name(other),
                    "the setup may have def and NAME = threading.Lock()",
                    other.range(),
                ));
            }
        }
    }
    Ok(setup)
}

pub(super) fn is_lock(call: &ast::ExprCall) -> bool {
    call.arguments.is_empty()
        && matches!(&*call.func, ast::Expr::Attribute(attribute)
            if attribute.attr.as_str() == "Lock"
                && matches!(&*attribute.value, ast::Expr::Name(name) if name.id.as_str() == "threading"))
}

impl Reader<'_> {
    pub(super) fn unused_name(&self, setup: &Setup, name: &str, range: TextRange) -> Result<(), SourceError> {
        let taken = ["x", "d", "s", "n", "one", "lock", "_"].contains(&name)
            || Builtin::named(name).is_some()
            || setup.locks.iter().any(|lock| lock == name)
            || setup.functions.iter().any(|function| function.name == name);
        if taken {
            return Err(self.error(
                SourceErrorKind::NotCovered,
                &format!("the name {name} is taken: choose another"),
                range,
            ));
        }
        Ok(())
    }

    pub(super) fn function(&self, def: &ast::StmtFunctionDef) -> Result<Function, SourceError> {
        let plain = |construct: &str, range: TextRange| {
            Err(self.not_covered(construct, "write def name(parameter, …):", range))
        };
        if def.is_async {
            return plain("async def", def.range());
        }
        if let Some(decorator) = def.decorator_list.first() {
            return plain("a decorator", decorator.range());
        }
        if def.type_params.is_some() || def.returns.is_some() {
            return plain("an annotation", def.range());
        }
        let parameters = &def.parameters;
        if parameters.vararg.is_some()
            || parameters.kwarg.is_some()
            || !parameters.kwonlyargs.is_empty()
            || !parameters.posonlyargs.is_empty()
        {
            return plain("a parameter of this kind", parameters.range());
        }
        let mut names = Vec::new();
        for parameter in &parameters.args {
            if parameter.default.is_some() || parameter.parameter.annotation.is_some() {
                return plain("a default value or annotation of a parameter", parameter.range());
            }
            let name = parameter.parameter.name.as_str();
            if names.iter().any(|known| known == name) {
                return Err(self.error(
                    SourceErrorKind::NotPython,
                    &format!("duplicate parameter {name}"),
                    parameter.range(),
                ));
            }
            names.push(name.to_owned());
        }
        Ok(Function {
            name: def.name.to_string(),
            parameters: names,
            body: self.block(&def.body, Context::FUNCTION, 1)?,
            position: self.position(def.name.range()),
            defaults: Vec::new(),
            decorators: Vec::new(),
            stars: Stars::default(),
            generator: false,
        })
    }
}
