//! Expressions that only whole programs have.

use super::super::{
    instruction::{Op, ProgramOp},
    source::SourceErrorKind,
    syntax::{Expr, ExprKind, FStringPart},
    values::Value,
};
use super::compiler::{Compiler, Result};
use crate::python::version::{Call, KeywordCall};

impl Compiler<'_> {
    pub(super) fn program_expr(&mut self, expr: &Expr) -> Result<()> {
        match &expr.kind {
            ExprKind::Attribute(object, name) => {
                self.expr(object)?;
                self.scope().position = Some(expr.position);
                let number = self.name(name);
                self.emit_program("LOAD_ATTR", ProgramOp::LoadAttr(number), name.clone());
                Ok(())
            }
            ExprKind::CallValue(function, args, keywords) => self.call_value(expr, function, args, keywords),
            ExprKind::Dict(items) => {
                for (key, value) in items {
                    if self.facts.shape.python2 {
                        // There the value comes first (bpo-11205).
                        self.expr(value)?;
                        self.expr(key)?;
                        self.emit("STORE_MAP", Op::Swap(2), "");
                    } else {
                        self.expr(key)?;
                        self.expr(value)?;
                    }
                }
                let count = self.count(items.len(), expr.position)?;
                self.emit_program("BUILD_MAP", ProgramOp::BuildMap(count), count.to_string());
                Ok(())
            }
            ExprKind::Set(items) => {
                items.iter().try_for_each(|item| self.expr(item))?;
                let count = self.count(items.len(), expr.position)?;
                self.emit_program("BUILD_SET", ProgramOp::BuildSet(count), count.to_string());
                Ok(())
            }
            ExprKind::Slice(bounds) => {
                for bound in bounds {
                    match bound {
                        Some(bound) => self.expr(bound)?,
                        None => self.constant(Value::None),
                    }
                }
                self.emit_program("BUILD_SLICE", ProgramOp::BuildSlice, "");
                Ok(())
            }
            ExprKind::BigInt(digits) => {
                self.emit_program("LOAD_CONST", ProgramOp::LoadBig(digits.as_str().into()), digits.clone());
                Ok(())
            }
            ExprKind::CallStars(function, args, keywords) => self.call_stars(expr, function, args, keywords),
            ExprKind::Yield(value) => {
                match value {
                    Some(value) => self.expr(value)?,
                    None => self.constant(Value::None),
                }
                self.yield_value();
                Ok(())
            }
            ExprKind::Lambda(function) => self.lambda(function),
            ExprKind::FString(parts) => self.f_string(expr, parts),
            _ => Ok(()),
        }
    }

    fn call_value(
        &mut self,
        expr: &Expr,
        function: &Expr,
        args: &[Expr],
        keywords: &[(String, Expr)],
    ) -> Result<()> {
        let shape = self.facts.shape;
        let mut as_method = false;
        match &function.kind {
            // Up to 3.10 a method that is given arguments by keyword is called as any function.
            ExprKind::Attribute(object, name) if keywords.is_empty() || shape.call != Call::CallFunction => {
                self.expr(object)?;
                self.scope().position = Some(function.position);
                let number = self.name(name);
                as_method = shape.load_method;
                let opcode = if as_method { "LOAD_METHOD" } else { "LOAD_ATTR" };
                self.emit_program(opcode, ProgramOp::LoadAttr(number), name.clone());
            }
            ExprKind::Name(name) => self.named_callee(name, function.position)?,
            _ => {
                if shape.call != Call::CallFunction {
                    self.emit("PUSH_NULL", Op::Nop, "");
                }
                self.expr(function)?;
            }
        }
        args.iter().try_for_each(|arg| self.expr(arg))?;
        for (name, value) in keywords {
            if shape.keyword_call == KeywordCall::CallFunction {
                self.emit("LOAD_CONST", Op::Nop, name.clone());
            }
            self.expr(value)?;
        }
        self.scope().position = Some(expr.position);
        let count = self.count(args.len() + keywords.len(), expr.position)?;
        if keywords.is_empty() {
            if as_method && shape.call == Call::CallFunction {
                self.emit("CALL_METHOD", Op::Call(count), count.to_string());
            } else {
                self.call(count);
            }
            return Ok(());
        }
        let names: Box<[u16]> = keywords.iter().map(|(name, _)| self.name(name)).collect();
        let op = ProgramOp::CallKeywords(count, names);
        match shape.keyword_call {
            KeywordCall::CallFunction => self.emit_program("CALL_FUNCTION", op, count.to_string()),
            KeywordCall::CallFunctionKw => {
                self.emit("LOAD_CONST", Op::Nop, "names");
                self.emit_program("CALL_FUNCTION_KW", op, count.to_string());
            }
            KeywordCall::KwNames => {
                self.emit("KW_NAMES", Op::Nop, "");
                if shape.call == Call::Precall {
                    self.emit("PRECALL", Op::Nop, count.to_string());
                }
                self.emit_program("CALL", op, count.to_string());
            }
            KeywordCall::CallKw => {
                self.emit("LOAD_CONST", Op::Nop, "names");
                self.emit_program("CALL_KW", op, count.to_string());
            }
        }
        Ok(())
    }

    /// Gives the top to whoever wants the generator's next value.
    pub(super) fn yield_value(&mut self) {
        self.emit_program("YIELD_VALUE", ProgramOp::Yield, "");
        self.resume();
    }

    /// Arguments in a list, those by keyword in a dict, and a call with both.
    fn call_stars(
        &mut self,
        expr: &Expr,
        function: &Expr,
        args: &[(bool, Expr)],
        keywords: &[(Option<String>, Expr)],
    ) -> Result<()> {
        if self.facts.shape.call != Call::CallFunction {
            self.emit("PUSH_NULL", Op::Nop, "");
        }
        self.expr(function)?;
        self.emit("BUILD_LIST", Op::BuildList(0), "0");
        for (starred, arg) in args {
            self.expr(arg)?;
            if *starred {
                self.emit_program("LIST_EXTEND", ProgramOp::Extend, "1");
            } else {
                self.emit("LIST_APPEND", Op::ListAppend(1), "1");
            }
        }
        self.emit_program("BUILD_MAP", ProgramOp::BuildMap(0), "0");
        for (name, value) in keywords {
            if let Some(name) = name {
                // A name that is only passed on has a number all the same.
                self.name(name);
                self.constant(Value::str(name));
                self.expr(value)?;
                self.emit_program("MAP_ADD", ProgramOp::MapAdd(1, false), "1");
            } else {
                self.expr(value)?;
                self.emit_program("DICT_MERGE", ProgramOp::Merge, "1");
            }
        }
        self.scope().position = Some(expr.position);
        let opcode = match self.facts.shape.keyword_call {
            KeywordCall::CallFunction => "CALL_FUNCTION_VAR_KW",
            _ => "CALL_FUNCTION_EX",
        };
        self.emit_program(opcode, ProgramOp::CallStars, "1");
        Ok(())
    }

    fn f_string(&mut self, expr: &Expr, parts: &[FStringPart]) -> Result<()> {
        if self.facts.shape.python2 {
            return Err(self.error(
                SourceErrorKind::NotPython,
                "python 2 knows no f-strings: use % or str()",
                expr.position,
            ));
        }
        for part in parts {
            match part {
                FStringPart::Text(text) => self.constant(Value::str(text)),
                FStringPart::Value(value, repr, format) => {
                    self.expr(value)?;
                    let opcode = match (self.facts.shape.format_simple, format.is_empty()) {
                        (false, _) => "FORMAT_VALUE",
                        (true, true) => "FORMAT_SIMPLE",
                        (true, false) => "FORMAT_WITH_SPEC",
                    };
                    self.emit_program(
                        opcode,
                        ProgramOp::Format(*repr, format.as_str().into()),
                        format.clone(),
                    );
                }
            }
        }
        if let [FStringPart::Value(..)] = parts {
            return Ok(());
        }
        let count = self.count(parts.len(), expr.position)?;
        self.emit_program("BUILD_STRING", ProgramOp::BuildString(count), count.to_string());
        Ok(())
    }
}
