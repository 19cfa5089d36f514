//! What whole programs may hold beyond a loop body: definitions, imports, exceptions, attributes, dicts, f-strings.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::super::{
    instruction::Stars,
    source::{Source, SourceError, SourceErrorKind},
    syntax::{Class, Collection, Expr, ExprKind, FStringPart, Function, Handler, Stmt, StmtKind, walk_stmt},
};
use super::{
    reader::{Reader, expr_name},
    statements::Context,
};

/// Parses a whole program.
pub(crate) fn program(text: &str) -> Result<Vec<Stmt>, SourceError> {
    let stmts = part(text, Source::File)?;
    if stmts.is_empty() {
        let reader = Reader { text, source: Source::File, whole: true };
        let message = "it has no statement: give a program that starts threads";
        return Err(reader.error(SourceErrorKind::Empty, message, TextRange::default()));
    }
    Ok(stmts)
}

/// Parses statements that may have all that a whole program may.
pub(crate) fn part(text: &str, source: Source) -> Result<Vec<Stmt>, SourceError> {
    let reader = Reader { text, source, whole: true };
    let module = reader.module()?;
    reader.block(&module.body, Context { in_loop: false, in_function: false }, 0)
}

/// Parses the expression that is looked at when the workers have ended.
pub(crate) fn result(text: &str) -> Result<Expr, SourceError> {
    let reader = Reader { text, source: Source::Result, whole: true };
    let module = reader.module()?;
    let [ast::Stmt::Expr(stmt)] = &module.body[..] else {
        let message = "write one expression, such as len(L)";
        let kind = if module.body.is_empty() { SourceErrorKind::Empty } else { SourceErrorKind::NotPython };
        return Err(reader.error(kind, message, TextRange::default()));
    };
    reader.expr(&stmt.value, 0)
}

impl Reader<'_> {
    /// A statement of the kinds that only whole programs have.
    pub(super) fn program_stmt(
        &self,
        stmt: &ast::Stmt,
        context: Context,
        depth: usize,
    ) -> Result<Option<StmtKind>, SourceError> {
        let names = |names: &[ast::Identifier]| names.iter().map(ToString::to_string).collect();
        Ok(Some(match stmt {
            ast::Stmt::Global(stmt) => StmtKind::Global(names(&stmt.names)),
            ast::Stmt::Nonlocal(stmt) => StmtKind::Nonlocal(names(&stmt.names)),
            ast::Stmt::FunctionDef(def) => StmtKind::Define(Box::new(self.definition(def, depth)?)),
            ast::Stmt::ClassDef(class) => StmtKind::Class(Box::new(self.class(class, depth)?)),
            ast::Stmt::AnnAssign(assign) => match &assign.value {
                None => StmtKind::Pass,
                Some(value) => {
                    StmtKind::Assign(vec![self.target(&assign.target, depth)?], self.expr(value, depth)?)
                }
            },
            ast::Stmt::Import(import) => StmtKind::Import(
                import
                    .names
                    .iter()
                    .map(|alias| {
                        let module = alias.name.to_string();
                        // Without a name of its own the package is bound, not the module in it.
                        let package = module.split('.').next().unwrap_or(&module).to_owned();
                        match &alias.asname {
                            None => Ok((module, package)),
                            Some(name) if name.as_str() == package && package != module => Err(self
                                .not_covered(
                                    "a module under the name of its package",
                                    "give it another name",
                                    alias.range(),
                                )),
                            Some(name) => Ok((module, name.to_string())),
                        }
                    })
                    .collect::<Result<_, _>>()?,
            ),
            ast::Stmt::ImportFrom(import) => {
                let Some(module) = import.module.as_ref().filter(|_| import.level == 0) else {
                    return Err(self.not_covered(
                        "a relative import",
                        "check covers one file and a part of the standard library",
                        import.range(),
                    ));
                };
                let items = import
                    .names
                    .iter()
                    .map(|alias| {
                        let name = alias.name.to_string();
                        (name.clone(), alias.asname.as_ref().map_or(name, ToString::to_string))
                    })
                    .collect();
                StmtKind::ImportFrom(module.to_string(), items)
            }
            ast::Stmt::Try(stmt) => {
                if stmt.is_star {
                    return Err(self.not_covered("except*", "use except", stmt.range()));
                }
                let mut body = self.block(&stmt.body, context, depth)?;
                if !stmt.handlers.is_empty() {
                    let handlers = stmt
                        .handlers
                        .iter()
                        .map(|ast::ExceptHandler::ExceptHandler(handler)| {
                            Ok(Handler {
                                class: handler
                                    .type_
                                    .as_deref()
                                    .map(|class| self.expr(class, depth))
                                    .transpose()?,
                                name: handler.name.as_ref().map(ToString::to_string),
                                body: self.block(&handler.body, context, depth)?,
                                position: self.position(handler.range()),
                            })
                        })
                        .collect::<Result<_, SourceError>>()?;
                    let orelse = self.block(&stmt.orelse, context, depth)?;
                    let kind = StmtKind::Try(body, handlers, orelse);
                    if stmt.finalbody.is_empty() {
                        return Ok(Some(kind));
                    }
                    body = vec![Stmt { kind, position: self.position(stmt.range()) }];
                }
                StmtKind::Finally(body, self.block(&stmt.finalbody, context, depth)?)
            }
            ast::Stmt::Raise(raise) => {
                if let Some(cause) = &raise.cause {
                    return Err(self.not_covered("raise … from", "leave out the cause", cause.range()));
                }
                StmtKind::Raise(raise.exc.as_deref().map(|raised| self.expr(raised, depth)).transpose()?)
            }
            ast::Stmt::Assert(assert) => StmtKind::Assert(
                self.expr(&assert.test, depth)?,
                assert.msg.as_deref().map(|message| self.expr(message, depth)).transpose()?,
            ),
            ast::Stmt::Delete(delete) => StmtKind::Delete(
                delete.targets.iter().map(|target| self.target(target, depth)).collect::<Result<_, _>>()?,
            ),
            _ => return Ok(None),
        }))
    }

    fn definition(&self, def: &ast::StmtFunctionDef, depth: usize) -> Result<Function, SourceError> {
        if def.is_async {
            return Err(self.not_covered("async def", "write def name(parameter, …):", def.range()));
        }
        let (parameters, defaults, stars) = self.parameters(&def.parameters, depth)?;
        let body = self.block(&def.body, Context::FUNCTION, depth)?;
        let mut generator = false;
        for stmt in &body {
            walk_stmt(stmt, &mut |expr| generator |= matches!(expr.kind, ExprKind::Yield(_)));
        }
        Ok(Function {
            name: def.name.to_string(),
            parameters,
            body,
            position: self.position(def.name.range()),
            defaults,
            stars,
            generator,
            decorators: def
                .decorator_list
                .iter()
                .map(|decorator| self.expr(&decorator.expression, depth))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The names of all parameters, in the order of CPython's slots, the default values, and what goes not by position.
    fn parameters(
        &self,
        parameters: &ast::Parameters,
        depth: usize,
    ) -> Result<(Vec<String>, Vec<Expr>, Stars), SourceError> {
        let mut names = Vec::new();
        let mut defaults = Vec::new();
        let mut stars = Stars::default();
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
            names.push(parameter.parameter.name.to_string());
            if let Some(default) = &parameter.default {
                defaults.push(self.expr(default, depth)?);
            }
        }
        for parameter in &parameters.kwonlyargs {
            names.push(parameter.parameter.name.to_string());
            stars.keyword_only.push(parameter.default.is_some());
            if let Some(default) = &parameter.default {
                defaults.push(self.expr(default, depth)?);
            }
        }
        if let Some(list) = &parameters.vararg {
            names.push(list.name.to_string());
            stars.list = true;
        }
        if let Some(dict) = &parameters.kwarg {
            names.push(dict.name.to_string());
            stars.dict = true;
        }
        Ok((names, defaults, stars))
    }

    /// A call with stars among its arguments.
    fn call_stars(&self, call: &ast::ExprCall, depth: usize) -> Result<ExprKind, SourceError> {
        let function = Box::new(self.expr(&call.func, depth)?);
        let args = call
            .arguments
            .args
            .iter()
            .map(|arg| match arg {
                ast::Expr::Starred(starred) => Ok((true, self.expr(&starred.value, depth)?)),
                plain => Ok((false, self.expr(plain, depth)?)),
            })
            .collect::<Result<_, SourceError>>()?;
        let keywords = call
            .arguments
            .keywords
            .iter()
            .map(|keyword| {
                let name = keyword.arg.as_ref().map(ToString::to_string);
                Ok((name, self.expr(&keyword.value, depth)?))
            })
            .collect::<Result<_, SourceError>>()?;
        Ok(ExprKind::CallStars(function, args, keywords))
    }

    fn class(&self, class: &ast::StmtClassDef, depth: usize) -> Result<Class, SourceError> {
        let is_dataclass = matches!(&class.decorator_list[..], [only] if self.is_dataclass(&only.expression));
        if let Some(decorator) = class.decorator_list.first().filter(|_| !is_dataclass) {
            let advice = "only @dataclass without options is";
            return Err(self.not_covered("such a decorator of a class", advice, decorator.range()));
        }
        let arguments = class.arguments.as_deref();
        if let Some(keyword) = arguments.and_then(|arguments| arguments.keywords.first()) {
            return Err(self.not_covered("a keyword of a class", "leave it out", keyword.range()));
        }
        let bases = arguments.map_or(&[][..], |arguments| &arguments.args);
        if let Some(second) = bases.get(1) {
            return Err(self.not_covered("a second base class", "derive from one class", second.range()));
        }
        Ok(Class {
            name: class.name.to_string(),
            base: bases.first().map(|base| self.expr(base, depth)).transpose()?,
            body: if is_dataclass {
                self.dataclass(class, depth)?
            } else {
                self.block(&class.body, Context { in_loop: false, in_function: false }, depth)?
            },
            position: self.position(class.name.range()),
        })
    }

    /// An expression of the kinds that only whole programs have.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    pub(super) fn program_expr(
        &self,
        expr: &ast::Expr,
        depth: usize,
    ) -> Result<Option<ExprKind>, SourceError> {
        let boxed = |expr: &ast::Expr| self.expr(expr, depth).map(Box::new);
        let optional = |expr: &Option<Box<ast::Expr>>| expr.as_deref().map(boxed).transpose();
        Ok(Some(match expr {
            ast::Expr::NumberLiteral(literal) => match &literal.value {
                ast::Number::Float(value) => ExprKind::Float(value.to_bits()),
                ast::Number::Int(int) if int.as_i64().is_none() => {
                    let digits = self.slice(expr.range()).replace('_', "");
                    if !digits.chars().all(|digit| digit.is_ascii_digit()) {
                        return Err(self.not_covered(
                            "such a large integer",
                            "write it in decimal digits",
                            expr.range(),
                        ));
                    }
                    ExprKind::BigInt(digits)
                }
                _ => return Ok(None),
            },
            ast::Expr::StringLiteral(literal) => {
                ExprKind::Str(literal.value.iter().map(ast::StringLiteral::as_str).collect())
            }
            ast::Expr::Attribute(attribute) => {
                ExprKind::Attribute(boxed(&attribute.value)?, attribute.attr.to_string())
            }
            ast::Expr::Call(call) => {
                let starred = call.arguments.args.iter().any(|arg| matches!(arg, ast::Expr::Starred(_)));
                if starred || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none()) {
                    return self.call_stars(call, depth).map(Some);
                }
                let mut keywords = Vec::new();
                for keyword in &call.arguments.keywords {
                    let name = keyword.arg.as_ref().map(ToString::to_string).unwrap_or_default();
                    keywords.push((name, self.expr(&keyword.value, depth)?));
                }
                let args = self.exprs(&call.arguments.args, depth)?;
                match &*call.func {
                    ast::Expr::Name(name) if keywords.is_empty() => {
                        ExprKind::Call(name.id.to_string(), self.position(name.range()), args)
                    }
                    function => ExprKind::CallValue(boxed(function)?, args, keywords),
                }
            }
            ast::Expr::Dict(dict) => {
                let mut items = Vec::new();
                for item in &dict.items {
                    let Some(key) = &item.key else {
                        return Err(self.not_covered(
                            "** in a dict",
                            "write the items out",
                            item.value.range(),
                        ));
                    };
                    items.push((self.expr(key, depth)?, self.expr(&item.value, depth)?));
                }
                ExprKind::Dict(items)
            }
            ast::Expr::Set(set) => ExprKind::Set(self.exprs(&set.elts, depth)?),
            ast::Expr::SetComp(comprehension) => ExprKind::Comprehension(
                Collection::Set,
                boxed(&comprehension.elt)?,
                self.generators(&comprehension.generators, depth)?,
            ),
            ast::Expr::DictComp(comprehension) => {
                let Some(key) = &comprehension.key else {
                    return Err(self.not_covered("** in a dict", "write the items out", expr.range()));
                };
                let pair = Expr {
                    kind: ExprKind::Tuple(vec![
                        self.expr(key, depth)?,
                        self.expr(&comprehension.value, depth)?,
                    ]),
                    position: self.position(key.range()),
                };
                ExprKind::Comprehension(
                    Collection::Dict,
                    Box::new(pair),
                    self.generators(&comprehension.generators, depth)?,
                )
            }
            ast::Expr::Slice(slice) => {
                ExprKind::Slice([optional(&slice.lower)?, optional(&slice.upper)?, optional(&slice.step)?])
            }
            ast::Expr::Lambda(lambda) => {
                let (parameters, defaults, stars) = match &lambda.parameters {
                    None => (Vec::new(), Vec::new(), Stars::default()),
                    Some(parameters) => self.parameters(parameters, depth)?,
                };
                let body = self.expr(&lambda.body, depth)?;
                let position = body.position;
                ExprKind::Lambda(Box::new(Function {
                    name: "<lambda>".to_owned(),
                    parameters,
                    body: vec![Stmt { kind: StmtKind::Return(Some(body)), position }],
                    position,
                    defaults,
                    decorators: Vec::new(),
                    stars,
                    generator: false,
                }))
            }
            ast::Expr::FString(string) => self.f_string(string, depth)?,
            ast::Expr::Generator(generator) => ExprKind::Comprehension(
                Collection::Generator,
                boxed(&generator.elt)?,
                self.generators(&generator.generators, depth)?,
            ),
            ast::Expr::Starred(starred) => {
                return Err(self.not_covered("a starred expression", "write it out", starred.range()));
            }
            ast::Expr::Yield(value) => ExprKind::Yield(optional(&value.value)?),
            ast::Expr::YieldFrom(_) | ast::Expr::Await(_) | ast::Expr::Named(_) => {
                return Err(self.not_covered(
                    match expr {
                        ast::Expr::Named(_) => "an assignment inside an expression",
                        ast::Expr::Await(_) => "await",
                        _ => "yield from",
                    },
                    "write it as statements",
                    expr.range(),
                ));
            }
            ast::Expr::BytesLiteral(_) | ast::Expr::TString(_) | ast::Expr::EllipsisLiteral(_) => {
                return Err(self.not_covered(expr_name(expr), "use a str", expr.range()));
            }
            _ => return Ok(None),
        }))
    }

    fn f_string(&self, string: &ast::ExprFString, depth: usize) -> Result<ExprKind, SourceError> {
        let mut parts = Vec::new();
        for part in &string.value {
            let elements = match part {
                ast::FStringPart::Literal(text) => {
                    parts.push(FStringPart::Text(text.as_str().to_owned()));
                    continue;
                }
                ast::FStringPart::FString(string) => &string.elements,
            };
            for element in elements {
                match element {
                    ast::InterpolatedStringElement::Literal(text) => {
                        parts.push(FStringPart::Text(text.to_string()));
                    }
                    ast::InterpolatedStringElement::Interpolation(value) => {
                        let mut format = String::new();
                        if let Some(spec) = &value.format_spec {
                            for element in &spec.elements {
                                let ast::InterpolatedStringElement::Literal(text) = element else {
                                    return Err(self.not_covered(
                                        "a format that is computed",
                                        "write the format out",
                                        spec.range(),
                                    ));
                                };
                                format.push_str(text);
                            }
                        }
                        if value.debug_text.is_some() {
                            return Err(self.not_covered(
                                "= in an f-string",
                                "write the name out",
                                value.range(),
                            ));
                        }
                        let repr = matches!(value.conversion, ast::ConversionFlag::Repr);
                        let value = Box::new(self.expr(&value.expression, depth)?);
                        parts.push(FStringPart::Value(value, repr, format));
                    }
                }
            }
        }
        Ok(ExprKind::FString(parts))
    }
}
