//! Functions: how each begins, returns, and what an exception leads to.

use super::machine::{Arguments, Beyond, CALL, DEEPEST, Machine, NAME, Next, R, beyond};
use super::state::{Frame, Object, OnReturn, Value};
use crate::python::program::Op;

impl Machine<'_> {
    /// Leads an exception to its handler, or ends the thread.
    pub(super) fn unwind(&mut self, exception: Value) -> Result<(), Beyond> {
        loop {
            let Some(frame) = self.current().frames.last() else {
                return Ok(());
            };
            let pc = frame.pc as usize;
            let code = &self.module.codes[usize::from(frame.code)];
            let within = |range: &(usize, usize)| range.0 <= pc && pc < range.1;
            let handler = code
                .handlers
                .iter()
                .filter(|handler| within(&handler.range) && !handler.gaps.iter().any(within))
                .max_by_key(|handler| handler.range.0);
            if let Some(handler) = handler {
                let frame = self.frame_mut();
                frame.stack.truncate(handler.depth);
                frame.handling.truncate(handler.handling);
                frame.handling.push(exception);
                frame.progress.clear();
                frame.pc = u32::try_from(handler.target).unwrap_or(u32::MAX);
                return Ok(());
            }
            let Some(frame) = self.current_mut().frames.pop() else {
                return Ok(());
            };
            match frame.on_return {
                OnReturn::Push | OnReturn::Class { .. } => {}
                OnReturn::Resume => {
                    let iterates = self
                        .instruction(self.thread)
                        .is_some_and(|instruction| matches!(instruction.op, Op::ForIter(_)));
                    if iterates && self.is_exception(&exception, &Value::Native("StopIteration")) {
                        self.frame_mut().progress.push(Value::Unbound);
                        return Ok(());
                    }
                }
                OnReturn::Future(future) => {
                    self.finish_future(&future, Err(exception));
                    return Ok(());
                }
                OnReturn::End => {
                    let text = self
                        .exception_text(&exception)
                        .map_err(|_| Beyond { what: "the text of this exception".to_owned(), place: None })?;
                    let at = self.state.uncaught.partition_point(|known| **known <= *text);
                    self.state.uncaught.insert(at, text.into());
                    self.finish_thread();
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn finish_thread(&mut self) {
        if let Value::Ref(at) = self.current().object {
            self.touch(at, true);
        }
        let thread = self.current_mut();
        thread.finished = true;
        thread.frames.clear();
    }

    /// Returns from the innermost function.
    pub(super) fn return_value(&mut self, value: Value) -> Next {
        let Some(frame) = self.current_mut().frames.pop() else {
            return Next::Returned;
        };
        self.check = self.module.facts.drop.after_return;
        match frame.on_return {
            OnReturn::Push => {
                let caller = self.frame_mut();
                caller.pc += 1;
                caller.progress.clear();
                caller.stack.push(value);
            }
            OnReturn::Resume => {
                self.check = false;
                self.frame_mut().progress.push(value);
            }
            OnReturn::Class { base } => {
                let attributes = match self.object_of(&frame.context) {
                    Some(Object::Namespace(attributes)) => attributes.clone(),
                    _ => Vec::new(),
                };
                let name = self.name_number(&self.module.codes[usize::from(frame.code)].name).unwrap_or(NAME);
                let functions: Vec<Value> = attributes.iter().map(|(_, value)| value.clone()).collect();
                let class = self.allocate(Object::Class { name, base, attributes });
                for function in functions {
                    self.set_owner(&function, &class);
                }
                let caller = self.frame_mut();
                caller.pc += 1;
                caller.progress.clear();
                caller.stack.push(class);
            }
            OnReturn::Future(future) => self.finish_future(&future, Ok(value)),
            OnReturn::End => self.finish_thread(),
        }
        Next::Returned
    }

    /// Tells a method of which class it is, for `super()`.
    pub(super) fn set_owner(&mut self, function: &Value, class: &Value) {
        let inner = match self.object_of(function) {
            Some(Object::Property(getter, setter)) => vec![getter.clone(), setter.clone()],
            Some(Object::Static(inner) | Object::ClassMethod(inner)) => vec![inner.clone()],
            _ => vec![function.clone()],
        };
        for function in inner {
            if let Value::Ref(at) = function
                && let Object::Function { owner, .. } = self.state.object_mut(at)
            {
                *owner = class.clone();
            }
        }
    }

    /// Begins a Python function.
    pub(super) fn enter(&mut self, callee: &Value, mut arguments: Arguments, on_return: OnReturn) -> R<Next> {
        if self.current().frames.len() >= DEEPEST {
            return self.raise("RecursionError", "maximum recursion depth exceeded");
        }
        let mut callee = callee.clone();
        loop {
            match self.object_of(&callee).cloned() {
                Some(Object::Method(function, first)) => {
                    arguments.positional.insert(0, first);
                    callee = function;
                }
                Some(Object::Function { code, defaults, cells, .. }) => {
                    let slots = self.bind(code, &defaults, &cells, arguments)?;
                    self.current_mut().frames.push(Frame {
                        code,
                        pc: 0,
                        slots,
                        stack: Vec::new(),
                        handling: Vec::new(),
                        progress: Vec::new(),
                        on_return,
                        context: callee,
                    });
                    return Ok(Next::Entered);
                }
                Some(Object::Instance { .. }) => match self.lookup_special(&callee, CALL) {
                    Some(method) => callee = method,
                    None => return self.raise("TypeError", "object is not callable"),
                },
                _ => return beyond("a call of this in the midst of another"),
            }
        }
    }

    /// The variables of a function that is called with these arguments.
    pub(super) fn bind(
        &mut self,
        code: u16,
        defaults: &[Value],
        cells: &[Value],
        arguments: Arguments,
    ) -> R<Vec<Value>> {
        let module = self.module;
        let code = &module.codes[usize::from(code)];
        let mut slots = vec![Value::Unbound; code.locals.len()];
        let given = arguments.positional.len();
        if given > code.parameters {
            let message = format!(
                "{}() takes {} positional arguments but {given} were given",
                code.name, code.parameters
            );
            return self.raise("TypeError", &message);
        }
        for (slot, value) in slots.iter_mut().zip(arguments.positional) {
            *slot = value;
        }
        for (name, value) in arguments.keywords {
            let name = self.name(name);
            match code.locals[..code.parameters].iter().position(|known| known == name) {
                Some(at) if slots[at] == Value::Unbound => slots[at] = value,
                Some(_) => {
                    let message = format!("{}() got multiple values for argument '{name}'", code.name);
                    return self.raise("TypeError", &message);
                }
                None => {
                    let message = format!("{}() got an unexpected keyword argument '{name}'", code.name);
                    return self.raise("TypeError", &message);
                }
            }
        }
        let first = code.parameters - defaults.len().min(code.parameters);
        for (slot, default) in slots[first..code.parameters].iter_mut().zip(defaults) {
            if *slot == Value::Unbound {
                *slot = default.clone();
            }
        }
        if let Some(at) = slots[..code.parameters].iter().position(|slot| *slot == Value::Unbound) {
            let message = format!("{}() missing a required argument: '{}'", code.name, code.locals[at]);
            return self.raise("TypeError", &message);
        }
        for &slot in &code.cells {
            let value = std::mem::replace(&mut slots[usize::from(slot)], Value::Unbound);
            slots[usize::from(slot)] = self.allocate(Object::Cell(value));
        }
        for (&(_, slot), cell) in code.captures.iter().zip(cells) {
            slots[usize::from(slot)] = cell.clone();
        }
        Ok(slots)
    }

    /// Calls what lies below the arguments.
    pub(super) fn call_op(&mut self, count: usize, names: &[u16]) -> R<Next> {
        let mut values = self.top(count + 1);
        let callee = values.remove(0);
        let keywords = names.iter().copied().zip(values.split_off(count - names.len())).collect();
        let arguments = Arguments { positional: values, keywords };
        if self.is_python(&callee) {
            self.drop_top(count + 1);
            return self.enter(&callee, arguments, OnReturn::Push);
        }
        let silent = self.is_silent(&callee, count);
        let result = self.call_native(&callee, arguments)?;
        if silent {
            self.silenced = true;
            self.set_check(false);
        }
        self.replace(count + 1, result);
        Ok(Next::Follow)
    }

    /// Whether the specialised call of this does not look at the eval breaker.
    pub(super) fn is_silent(&self, callee: &Value, count: usize) -> bool {
        if !self.module.warm {
            return false;
        }
        let name = match (callee, self.object_of(callee)) {
            (Value::Native(name), _) => *name,
            (_, Some(Object::NativeMethod(receiver, name))) => {
                match (self.object_of(receiver), self.name(*name)) {
                    (Some(Object::List(_)), "append") => "list.append",
                    _ => return false,
                }
            }
            _ => return false,
        };
        self.module.facts.drop.silent_calls.contains(&(name, count))
    }
}
