//! Functions: how each begins, returns, and what an exception leads to.

use std::sync::Arc;

use super::machine::{Arguments, Beyond, CALL, DEEPEST, INIT, Machine, NAME, Next, R, Stop, Use, beyond};
use super::state::{Frame, Object, OnReturn, Site, Value};
use super::sync::BROKEN;
use crate::python::version::{InitCall, SpreadCall};

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
            let is_over = matches!(frame.on_return, OnReturn::Raised(_));
            let handler = code
                .handlers
                .iter()
                .filter(|handler| !is_over && within(&handler.range) && !handler.gaps.iter().any(within))
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
            if frame.on_return == OnReturn::End {
                return self.end_with(&exception);
            }
            let Some(frame) = self.current_mut().frames.pop() else {
                return Ok(());
            };
            match frame.on_return {
                OnReturn::Resume if self.barrier_acts() => {
                    return Err(Beyond { what: BROKEN.to_owned(), place: None });
                }
                OnReturn::Resume => self.leaves_unsorted(),
                OnReturn::Push | OnReturn::PushAndLook | OnReturn::Class { .. } => {}
                OnReturn::Next => {
                    let stops = self.is_exception(&exception, &Value::Native("StopIteration"));
                    if let Value::Ref(at) = frame.generator {
                        *self.state.object_mut(at) = Object::Generator(Err(true));
                        if stops {
                            let what = "StopIteration that leaves a generator".to_owned();
                            return Err(Beyond { what, place: None });
                        }
                    } else if stops {
                        self.frame_mut().progress.push(Value::Unbound);
                        return Ok(());
                    }
                }
                OnReturn::Future(future) => {
                    self.finish_future(&future, Err(exception));
                    return Ok(());
                }
                OnReturn::End | OnReturn::Raised(_) => {
                    return Err(Beyond { what: "an exception whose text raises".to_owned(), place: None });
                }
            }
        }
    }

    /// Gives a list back what it held before `sort()`, if an exception is to leave that.
    fn leaves_unsorted(&mut self) {
        let frame = self.frame();
        let sorted = frame.stack.iter().rev().find_map(|value| match self.object_of(value)? {
            Object::NativeMethod(Value::Ref(list), name) if self.name(*name) == "sort" => Some(*list),
            _ => None,
        });
        let taken = frame.progress.first().and_then(|taken| self.object_of(taken)).cloned();
        if let (Some(list), Some(taken @ Object::List(_))) = (sorted, taken) {
            *self.state.object_mut(list) = taken;
        }
    }

    /// Ends the thread with an exception that nothing has caught. Its text may be made by the program: the last frame waits for that.
    fn end_with(&mut self, exception: &Value) -> Result<(), Beyond> {
        let position = self.instruction(self.thread).and_then(|instruction| instruction.position);
        let place = position.map(|position| self.module.place(position));
        let frame = self.frame_mut();
        frame.on_return = OnReturn::Raised(exception.clone());
        frame.stack.clear();
        frame.progress.clear();
        self.consumed = 0;
        let told = match self.tell_raised(exception) {
            Err(Stop::Call(callee, arguments)) => self.enter(&callee, arguments, OnReturn::Resume),
            told => told,
        };
        told.map(drop).map_err(|_| Beyond { what: "the text of this exception".to_owned(), place })
    }

    /// Tells of an exception that has ended the thread, but for one that only asks for the end of it.
    pub(super) fn tell_raised(&mut self, exception: &Value) -> R<Next> {
        if !self.is_exception(exception, &Value::Native("SystemExit")) {
            let text = self.exception_text(exception)?;
            let at = self.state.uncaught.partition_point(|known| **known <= *text);
            self.state.uncaught.insert(at, text.into());
        }
        self.finish_thread();
        Ok(Next::Returned)
    }

    pub(super) fn finish_thread(&mut self) {
        if let Value::Ref(at) = self.current().object {
            self.touch(at, true);
        }
        let number = self.number();
        let thread = self.current_mut();
        thread.finished = true;
        thread.frames.clear();
        // The main thread ends with the program.
        if number > 0 {
            self.drop_locals(number);
        }
    }

    /// What a thread has in a `threading.local` is gone with it.
    fn drop_locals(&mut self, thread: u8) {
        let is_its = |(of, ..): &(u8, u16, Value)| *of == thread;
        for entry in &mut self.state.heap {
            if matches!(&entry.object, Object::Local(items) if items.iter().any(is_its))
                && let Object::Local(items) = &mut Arc::make_mut(entry).object
            {
                items.retain(|item| !is_its(item));
            }
        }
    }

    /// Returns from the innermost function.
    pub(super) fn return_value(&mut self, value: Value) -> Next {
        let Some(frame) = self.current_mut().frames.pop() else {
            return Next::Returned;
        };
        self.check = self.module.facts.drop.after_return;
        match frame.on_return {
            OnReturn::Push | OnReturn::PushAndLook => {
                self.check |= frame.on_return == OnReturn::PushAndLook;
                let caller = self.frame_mut();
                caller.pc += 1;
                caller.progress.clear();
                caller.stack.push(value);
            }
            OnReturn::Next if frame.generator != Value::None => {
                self.check = false;
                if let Value::Ref(at) = frame.generator {
                    *self.state.object_mut(at) = Object::Generator(Err(true));
                }
                self.frame_mut().progress.push(Value::Unbound);
            }
            OnReturn::Resume | OnReturn::Next => {
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
            OnReturn::End | OnReturn::Raised(_) => self.finish_thread(),
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
                    if self.module.codes[usize::from(code)].generator {
                        return beyond("a generator function in this place");
                    }
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
                        generator: Value::None,
                    });
                    return Ok(Next::Entered);
                }
                Some(Object::Instance { .. }) => match self.lookup_special(&callee, CALL) {
                    Some(method) => callee = method,
                    None => return self.raise_unworded("TypeError"),
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
        let (module, number) = (self.module, code);
        let code = &module.codes[usize::from(code)];
        let stars = &code.stars;
        let named = code.parameters + stars.keyword_only.len();
        let mut slots = vec![Value::Unbound; code.locals.len()];
        let mut rest = Vec::new();
        for (at, value) in arguments.positional.into_iter().enumerate() {
            if at < code.parameters {
                slots[at] = value;
            } else if stars.list {
                rest.push(value);
            } else {
                return self.raise_unworded("TypeError");
            }
        }
        let mut more = Vec::new();
        for (name, value) in arguments.keywords {
            let text = self.name(name);
            match code.locals[..named].iter().position(|known| known == text) {
                Some(at) if slots[at] == Value::Unbound => slots[at] = value,
                None if stars.dict => more.push((Value::str(text), value)),
                _ => return self.raise_unworded("TypeError"),
            }
        }
        // The defaults are those of the last positional parameters, and then those of parameters by keyword alone.
        let by_keyword = stars.keyword_only.iter().filter(|has_default| **has_default).count();
        let (last, keyword_defaults) = defaults.split_at(defaults.len().saturating_sub(by_keyword));
        let first = code.parameters - last.len().min(code.parameters);
        let with_default = stars.keyword_only.iter().enumerate().filter(|(_, has_default)| **has_default);
        let places = (first..code.parameters).chain(with_default.map(|(at, _)| code.parameters + at));
        for (place, default) in places.zip(last.iter().chain(keyword_defaults)) {
            if slots[place] == Value::Unbound {
                slots[place] = default.clone();
            }
        }
        if slots[..named].contains(&Value::Unbound) {
            return self.raise_unworded("TypeError");
        }
        if stars.list {
            slots[named] = self.tuple(rest);
        }
        if stars.dict {
            slots[named + usize::from(stars.list)] = self.allocate(Object::Dict(more, None));
        }
        for &slot in &code.cells {
            let value = std::mem::replace(&mut slots[usize::from(slot)], Value::Unbound);
            let site = Site::of_cell(self.site().thread, number, slot);
            slots[usize::from(slot)] = self.allocate_at(site, Object::Cell(value));
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
        self.call_value(&callee, arguments, count + 1, false)
    }

    /// Calls what lies below a list of arguments and a dict of those by keyword.
    pub(super) fn call_stars(&mut self) -> R<Next> {
        let values = self.top(3);
        let positional = self.items_of(&values[1]).unwrap_or_default();
        let mut keywords = Vec::new();
        for (key, value) in self.pairs(&values[2])? {
            let Value::Str(key) = key else {
                return self.type_error("keywords must be strings", &[]);
            };
            match self.name_number(&key) {
                Some(number) => keywords.push((number, value)),
                None => return beyond("an argument by a name that stands nowhere else"),
            }
        }
        self.call_value(&values[0], Arguments { positional, keywords }, 3, true)
    }

    /// Calls something with arguments that are, with it, so many values on the stack; `spread`: of a list and a dict.
    fn call_value(&mut self, callee: &Value, arguments: Arguments, stacked: usize, spread: bool) -> R<Next> {
        if let Some(generator) = self.generator(callee, &arguments)? {
            self.replace(stacked, generator);
            // From 3.11 on it is made by the function's own first instruction, and the call does not look.
            let looks = self.check && self.module.facts.drop.after_return;
            self.set_check(looks);
            return Ok(Next::Follow);
        }
        if self.is_python(callee) {
            self.drop_top(stacked);
            let through_c = self.goes_through_c(callee, spread);
            let on_return = if through_c { OnReturn::PushAndLook } else { OnReturn::Push };
            return self.enter(callee, arguments, on_return);
        }
        let count = stacked - 1;
        let silent = self.is_silent(callee, count) || (!spread && self.enters_init(callee, &arguments));
        let result = self.call_native(callee, arguments)?;
        if silent {
            self.assumed.specialised = true;
            self.set_check(false);
        }
        self.replace(stacked, result);
        Ok(Next::Follow)
    }

    /// Whether a call of this makes a generator.
    pub(super) fn makes_generator(&self, callee: &Value) -> bool {
        match self.object_of(callee) {
            Some(Object::Function { code, .. }) => self.module.codes[usize::from(*code)].generator,
            Some(Object::Method(function, _)) => self.makes_generator(function),
            _ => false,
        }
    }

    /// The generator that a call of this makes, if it makes one.
    pub(super) fn generator(&mut self, callee: &Value, arguments: &Arguments) -> R<Option<Value>> {
        let (function, first) = match self.object_of(callee) {
            Some(Object::Method(function, first)) => (function.clone(), Some(first.clone())),
            _ => (callee.clone(), None),
        };
        let Some(Object::Function { code, defaults, cells, .. }) = self.object_of(&function).cloned() else {
            return Ok(None);
        };
        if !self.module.codes[usize::from(code)].generator {
            return Ok(None);
        }
        let mut positional = arguments.positional.clone();
        if let Some(first) = first {
            positional.insert(0, first);
        }
        let arguments = Arguments { positional, keywords: arguments.keywords.clone() };
        let slots = self.bind(code, &defaults, &cells, arguments)?;
        let frame = Frame {
            code,
            pc: 0,
            slots,
            stack: Vec::new(),
            handling: Vec::new(),
            progress: Vec::new(),
            on_return: OnReturn::Next,
            context: function,
            generator: Value::None,
        };
        Ok(Some(self.allocate(Object::Generator(Ok(Box::new(frame))))))
    }

    /// Lets a generator run to its next `yield`.
    pub(super) fn resume_generator(&mut self, at: u32) -> R<Next> {
        if self.current().frames.len() >= DEEPEST {
            return self.raise("RecursionError", "maximum recursion depth exceeded");
        }
        let is_busy = matches!(self.state.object(at), Object::Generator(Err(false)));
        self.touch_lock(at, if is_busy { Use::Busy } else { Use::Write });
        let Object::Generator(state) = self.state.object_mut(at) else {
            return beyond("a generator that is none");
        };
        match std::mem::replace(state, Err(false)) {
            Ok(mut frame) => {
                frame.generator = Value::Ref(at);
                self.current_mut().frames.push(*frame);
                Ok(Next::Entered)
            }
            Err(true) => {
                *state = Err(true);
                self.frame_mut().progress.push(Value::Unbound);
                self.check = false;
                Ok(Next::Returned)
            }
            Err(false) => self.raise("ValueError", "generator already executing"),
        }
    }

    /// Gives a value from a generator to whoever wanted its next.
    pub(super) fn yield_value(&mut self) -> R<Next> {
        let value = self.peek();
        self.drop_top(1);
        // What `send()` would send.
        self.push(Value::None);
        let Some(mut frame) = self.current_mut().frames.pop() else {
            return beyond("a yield outside a function");
        };
        frame.pc += 1;
        frame.progress.clear();
        if let Value::Ref(at) = std::mem::replace(&mut frame.generator, Value::None) {
            *self.state.object_mut(at) = Object::Generator(Ok(Box::new(frame)));
        }
        self.check = false;
        self.frame_mut().progress.push(value);
        Ok(Next::Returned)
    }

    /// Whether a call of what is written in Python is made through C, where CPython enters others in place.
    fn goes_through_c(&self, callee: &Value, spread: bool) -> bool {
        match self.object_of(callee) {
            Some(Object::Function { .. }) => spread && self.module.facts.drop.spread == SpreadCall::ThroughC,
            Some(Object::Method(..)) => spread,
            _ => true,
        }
    }

    /// Whether the specialised call of a class enters its `__init__`, and does not look.
    fn enters_init(&mut self, class: &Value, arguments: &Arguments) -> bool {
        let init = self.module.facts.drop.init;
        let is_class = matches!(self.object_of(class), Some(Object::Class { .. }));
        if !self.module.warm || init == InitCall::ThroughC || !is_class || !arguments.keywords.is_empty() {
            return false;
        }
        let plain = self.native_base(class) == "object";
        let Some(function) = self.in_class(class, INIT).filter(|_| plain) else { return false };
        let Some(Object::Function { code, .. }) = self.object_of(&function) else { return false };
        let code = &self.module.codes[usize::from(*code)];
        let simple =
            !code.generator && !code.stars.list && !code.stars.dict && code.stars.keyword_only.is_empty();
        let exact = arguments.positional.len() + 1 == code.parameters;
        simple && (init == InitCall::Entered || exact && self.slots(class).is_none())
    }

    /// What `__slots__` of a class and those that it derives from are, if all have them, so that its objects have no dict.
    pub(super) fn slots(&self, class: &Value) -> Option<Vec<Value>> {
        let name = self.name_number("__slots__")?;
        let (mut class, mut slots) = (class, Vec::new());
        while let Some(Object::Class { base, attributes, .. }) = self.object_of(class) {
            slots.push(attributes.iter().find(|(number, _)| *number == name)?.1.clone());
            class = base;
        }
        // Those of the library have one.
        (*class == Value::Native("object")).then_some(slots)
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
