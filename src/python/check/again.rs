//! Instructions that begin anew, with what they have learned so far.

use super::machine::{Arguments, Machine, R, Stop};
use super::state::{Object, Part, Value};

impl Machine<'_> {
    /// Does something once, however often the instruction begins anew.
    pub(super) fn once(&mut self, f: impl FnOnce(&mut Self) -> R<Value>) -> R<Value> {
        let at = self.consumed;
        self.consumed += 1;
        if let Some(value) = self.frame().progress.get(at) {
            return Ok(value.clone());
        }
        let value = f(self)?;
        self.frame_mut().progress.push(value.clone());
        Ok(value)
    }

    /// Lets others run once, as a function written in Python does on its way in.
    pub(super) fn yield_once(&mut self) -> R<()> {
        let at = self.consumed;
        self.consumed += 1;
        if self.frame().progress.len() > at {
            return Ok(());
        }
        self.frame_mut().progress.push(Value::None);
        Err(Stop::Yield)
    }

    /// The result of calling something in the midst of an instruction.
    pub(super) fn call_back(&mut self, callee: &Value, args: Vec<Value>) -> R<Value> {
        self.call_back_with(callee, Self::positional(args))
    }

    /// The same with arguments by keyword.
    pub(super) fn call_back_with(&mut self, callee: &Value, args: Arguments) -> R<Value> {
        if self.makes_generator(callee) {
            return self.once(|machine| {
                let made = machine.generator(callee, &args)?;
                Ok(made.unwrap_or(Value::None))
            });
        }
        if self.is_python(callee) {
            let at = self.consumed;
            self.consumed += 1;
            return match self.frame().progress.get(at) {
                Some(value) => Ok(value.clone()),
                None => Err(Stop::Call(callee.clone(), args)),
            };
        }
        // What it has learned so far stands behind a mark, which its result replaces.
        let at = self.consumed;
        self.consumed += 1;
        match self.frame().progress.get(at) {
            Some(Value::Unbound) => {}
            Some(value) => return Ok(value.clone()),
            None => self.frame_mut().progress.push(Value::Unbound),
        }
        let outcome = self.call_native(callee, args);
        let progress = &mut self.frame_mut().progress;
        match outcome {
            Ok(value) => {
                progress.truncate(at);
                progress.push(value.clone());
                self.consumed = at + 1;
                Ok(value)
            }
            Err(stop) => {
                if matches!(stop, Stop::Block) && progress.len() == at + 1 {
                    progress.pop();
                }
                Err(stop)
            }
        }
    }

    pub(super) fn is_python(&self, callee: &Value) -> bool {
        match self.object_of(callee) {
            Some(Object::Function { .. } | Object::Instance { part: Part::Plain, .. }) => true,
            Some(Object::Method(function, _)) => self.is_python(function),
            _ => false,
        }
    }
}
