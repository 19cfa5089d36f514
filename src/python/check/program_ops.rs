//! Instructions that only whole programs have.

use super::library;
use super::machine::{Machine, Next, R, Stop, beyond, set_attribute};
use super::state::{Frame, Object, OnReturn, Part, Value};
use crate::python::program::{Imported, ProgramOp};

/// What `__exit__` is given of the places that an exception has come by.
const TRACEBACK: Value = Value::Native("traceback");

impl<'m> Machine<'m> {
    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    pub(super) fn execute_program_op(&mut self, op: &'m ProgramOp) -> R<Next> {
        match op {
            ProgramOp::LoadFloat(bits) => self.push(Value::Float(*bits)),
            ProgramOp::LoadBig(digits) => {
                let Ok(int) = digits.parse() else { return beyond("an integer of this form") };
                let value = self.integer(int)?;
                self.push(value);
            }
            ProgramOp::Yield => return self.yield_value(),
            ProgramOp::Extend => {
                let values = self.top(2);
                let mut more = self.elements(&values[1])?;
                if let Value::Ref(at) = values[0]
                    && let Object::List(items) = self.state.object_mut(at)
                {
                    items.append(&mut more);
                }
                self.drop_top(1);
            }
            ProgramOp::Merge => {
                let values = self.top(2);
                for (key, value) in self.pairs(&values[1])? {
                    self.store_subscript(&values[0], &key, value)?;
                }
                self.drop_top(1);
            }
            ProgramOp::CallStars => return self.call_stars(),
            ProgramOp::LoadGlobal(name) => {
                let value = self.load_global(*name)?;
                self.push(value);
            }
            ProgramOp::StoreGlobal(name) => {
                let value = self.peek();
                self.drop_top(1);
                self.touch_global(*name, true);
                let process = usize::from(self.current().process);
                self.state.globals[process][usize::from(*name)] = value;
            }
            ProgramOp::DeleteGlobal(name) => {
                self.touch_global(*name, true);
                let process = usize::from(self.current().process);
                let place = &mut self.state.globals[process][usize::from(*name)];
                if std::mem::replace(place, Value::Unbound) == Value::Unbound {
                    let message = format!("name '{}' is not defined", self.name(*name));
                    return self.raise("NameError", &message);
                }
            }
            ProgramOp::LoadName(name) => {
                let found = match self.object_of(&self.frame().context) {
                    Some(Object::Namespace(attributes)) => {
                        attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
                    }
                    _ => None,
                };
                let value = match found {
                    Some(value) => value,
                    None => self.load_global(*name)?,
                };
                self.push(value);
            }
            ProgramOp::StoreName(name) => {
                let value = self.peek();
                self.drop_top(1);
                if let Value::Ref(at) = self.frame().context
                    && let Object::Namespace(attributes) = self.state.object_mut(at)
                {
                    set_attribute(attributes, *name, value);
                }
            }
            ProgramOp::LoadDeref(slot) => {
                let cell = self.frame().slots[usize::from(*slot)].clone();
                let Value::Ref(at) = cell else {
                    return beyond("a variable that has no cell");
                };
                self.touch(at, false);
                match self.state.object(at) {
                    Object::Cell(Value::Unbound) => {
                        let code = &self.module.codes[usize::from(self.frame().code)];
                        let free = code.captures.iter().any(|(_, inner)| inner == slot);
                        let words = &self.module.facts.messages;
                        let (class, words) = if free {
                            ("NameError", words.unbound_free)
                        } else {
                            ("UnboundLocalError", words.unbound_local)
                        };
                        let message = Self::fill(words, &[&code.locals[usize::from(*slot)]]);
                        return self.raise(class, &message);
                    }
                    Object::Cell(value) => {
                        let value = value.clone();
                        self.push(value);
                    }
                    _ => return beyond("a variable that has no cell"),
                }
            }
            ProgramOp::StoreDeref(slot) => {
                let value = self.peek();
                self.drop_top(1);
                if let Value::Ref(at) = self.frame().slots[usize::from(*slot)] {
                    self.touch(at, true);
                    *self.state.object_mut(at) = Object::Cell(value);
                }
            }
            ProgramOp::DeleteFast(slot) => self.frame_mut().slots[usize::from(*slot)] = Value::Unbound,
            ProgramOp::LoadAttr(name) => {
                let object = self.peek();
                let value = self.load_attribute(&object, *name)?;
                self.replace(1, value);
            }
            ProgramOp::StoreAttr(name) => {
                let operands = self.top(2);
                self.store_attribute(&operands[1], *name, operands[0].clone())?;
                self.drop_top(2);
            }
            ProgramOp::DeleteAttr(name) => {
                let object = self.peek();
                self.delete_attribute(&object, *name)?;
                self.drop_top(1);
            }
            ProgramOp::DeleteSubscript => {
                let operands = self.top(2);
                self.delete_subscript(&operands[0], &operands[1])?;
                self.drop_top(2);
            }
            ProgramOp::CallKeywords(count, names) => return self.call_op(usize::from(*count), names),
            ProgramOp::BuildMap(count) => {
                let count = 2 * usize::from(*count);
                let items = self.top(count);
                let dict = self.once(|machine| Ok(machine.allocate(Object::Dict(Vec::new(), None))))?;
                for pair in items.chunks_exact(2) {
                    self.store_subscript(&dict, &pair[0], pair[1].clone())?;
                }
                self.accesses.clear();
                self.replace(count, dict);
            }
            ProgramOp::BuildSet(count) => {
                let items = self.top(usize::from(*count));
                let items = self.unique(items)?;
                let set = self.allocate(Object::Set(items));
                self.replace(usize::from(*count), set);
            }
            ProgramOp::ListToTuple => {
                let list = self.peek();
                let items = self.items_of(&list).unwrap_or_default();
                let tuple = self.tuple(items);
                self.replace(1, tuple);
            }
            ProgramOp::BuildSlice => {
                let parts = self.top(3);
                let slice =
                    self.allocate(Object::Slice(parts[0].clone(), parts[1].clone(), parts[2].clone()));
                self.replace(3, slice);
            }
            ProgramOp::BuildString(count) => {
                let parts = self.top(usize::from(*count));
                let mut text = String::new();
                for part in &parts {
                    text.push_str(part.letters().unwrap_or_default());
                }
                self.replace(usize::from(*count), Value::str(&text));
            }
            ProgramOp::Format(repr, format) => {
                let value = self.peek();
                let value = if *repr { Value::str(&self.text(&value, true)?) } else { value };
                let text = self.format(&value, format)?;
                self.replace(1, Value::str(&text));
            }
            ProgramOp::SetAdd(n) => {
                let values = self.top(usize::from(*n) + 1);
                if let (Some(Value::Ref(at)), Some(item)) = (values.first(), values.last()) {
                    self.set_add(*at, item.clone())?;
                }
                self.drop_top(1);
            }
            ProgramOp::MapAdd(n, value_first) => {
                let mut values = self.top(usize::from(*n) + 2);
                let count = values.len();
                if *value_first {
                    values.swap(count - 2, count - 1);
                }
                self.store_subscript(&values[0], &values[count - 2], values[count - 1].clone())?;
                self.drop_top(2);
            }
            ProgramOp::MakeFunction(code, defaults, captures) => {
                let popped = usize::from(*defaults > 0);
                let defaults = match (popped, self.object_of(&self.peek())) {
                    (1, Some(Object::Tuple(items))) => items.clone(),
                    _ => Vec::new(),
                };
                let cells =
                    captures.iter().map(|&slot| self.frame().slots[usize::from(slot)].clone()).collect();
                let function = Object::Function { code: *code, defaults, cells, owner: Value::None };
                let function = self.allocate(function);
                self.replace(popped, function);
            }
            ProgramOp::BuildClass(code, has_base, captures) => {
                let base = match *has_base {
                    true => self.peek(),
                    false if self.module.facts.shape.python2 => Value::None,
                    false => Value::Native("object"),
                };
                match (&base, self.object_of(&base)) {
                    (Value::None, _) if !has_base => {}
                    (_, Some(Object::Class { .. })) | (Value::Native("object" | "threading.Thread"), _) => {}
                    (Value::Native(name), _) if library::exception_base(name).is_some() => {}
                    _ => return beyond("this base class"),
                }
                self.drop_top(usize::from(*has_base));
                let module = self.module;
                let inner = &module.codes[usize::from(*code)];
                let mut slots = vec![Value::Unbound; inner.locals.len()];
                for (&(_, slot), &outer) in inner.captures.iter().zip(captures) {
                    slots[usize::from(slot)] = self.frame().slots[usize::from(outer)].clone();
                }
                let context = self.allocate(Object::Namespace(Vec::new()));
                self.current_mut().frames.push(Frame {
                    code: *code,
                    pc: 0,
                    slots,
                    stack: Vec::new(),
                    handling: Vec::new(),
                    progress: Vec::new(),
                    on_return: OnReturn::Class { base },
                    context,
                    generator: Value::None,
                });
                return Ok(Next::Entered);
            }
            ProgramOp::LoadLibrary(module, item) => {
                let python2 = self.module.facts.shape.python2;
                if library::is_missing(module, self.module.version) {
                    return self.raise("ImportError", &format!("No module named {module}"));
                }
                let value = match item {
                    Imported::Module => match library::module(module) {
                        Some(name) => self.library_value(name),
                        None => return beyond(format!("the module {module}")),
                    },
                    Imported::Package(package) => self.allocate(Object::Module((**package).into())),
                    Imported::Item(item) => match library::item(module, item) {
                        Some(name) if library::item_is_missing(name, self.module.version) => {
                            let item = if python2 { (*item).to_string() } else { format!("'{item}'") };
                            return self.raise("ImportError", &format!("cannot import name {item}"));
                        }
                        Some(name) => self.library_value(name),
                        None => return beyond(format!("{module}.{item}")),
                    },
                };
                self.push(value);
            }
            ProgramOp::LoadSuper if self.module.facts.shape.python2 => {
                return self.raise("TypeError", "super() takes at least 1 argument (0 given)");
            }
            ProgramOp::LoadSuper => {
                let owner = match self.object_of(&self.frame().context) {
                    Some(Object::Function { owner, .. }) => owner.clone(),
                    _ => Value::None,
                };
                let mut first = self.frame().slots.first().cloned().unwrap_or(Value::Unbound);
                if let Some(Object::Cell(inner)) = self.object_of(&first) {
                    first = inner.clone();
                }
                let value = self.allocate(Object::Super(owner, first));
                self.push(value);
            }
            ProgramOp::Raise => {
                let raised = self.peek();
                let class = match (&raised, self.object_of(&raised)) {
                    (Value::Native(name), _) => library::exception_base(name).is_some(),
                    (_, Some(Object::Class { .. })) => self.derives(&raised, &Value::Native("BaseException")),
                    _ => false,
                };
                let exception = match self.object_of(&raised) {
                    Some(Object::Instance { part: Part::Exception(_), .. }) => raised,
                    _ if class => self.call_native(&raised, Self::positional(Vec::new()))?,
                    _ => {
                        let message = self.module.facts.messages.no_exception;
                        return self.raise_types("TypeError", message, &[&raised]);
                    }
                };
                return Err(Stop::Raise(exception));
            }
            ProgramOp::Reraise => {
                // That of a function is what its callers handle, too.
                let handled = self.current().frames.iter().rev().find_map(|frame| frame.handling.last());
                return match handled {
                    Some(exception) => Err(Stop::Raise(exception.clone())),
                    None => self.raise("RuntimeError", "No active exception to reraise"),
                };
            }
            ProgramOp::LoadException => {
                let exception = self.frame().handling.last().cloned().unwrap_or(Value::None);
                self.push(exception);
            }
            ProgramOp::JumpUnlessMatch(target) => {
                let class = self.peek();
                let exception = self.frame().handling.last().cloned().unwrap_or(Value::None);
                self.needs_exceptions(&class)?;
                let matches = self.is_exception(&exception, &class);
                self.drop_top(1);
                if !matches {
                    return Ok(Next::To(*target));
                }
            }
            ProgramOp::LeaveHandler => {
                self.frame_mut().handling.pop();
            }
            ProgramOp::ExitWithException => {
                let exit = self.peek();
                let exception = self.frame().handling.last().cloned().unwrap_or(Value::None);
                let class = match self.object_of(&exception) {
                    Some(Object::Instance { class, .. }) => class.clone(),
                    _ => Value::None,
                };
                let result = self.call_back(&exit, vec![class, exception, TRACEBACK])?;
                self.replace(1, result);
            }
            ProgramOp::FailAssertion(has_message) => {
                let args = if *has_message { vec![self.peek()] } else { Vec::new() };
                let exception = self.allocate(Object::Instance {
                    class: Value::Native("AssertionError"),
                    attributes: Vec::new(),
                    part: Part::Exception(args),
                });
                return Err(Stop::Raise(exception));
            }
        }
        Ok(Next::Follow)
    }

    pub(super) fn load_global(&mut self, name: u16) -> R<Value> {
        let process = usize::from(self.current().process);
        let value = self.state.globals[process][usize::from(name)].clone();
        self.touch_global(name, false);
        if value == Value::Elsewhere {
            return self.not_handed_over(name);
        }
        if value != Value::Unbound {
            return Ok(value);
        }
        let text = self.name(name);
        let python2 = self.module.facts.shape.python2;
        match library::builtin(text) {
            Some("xrange") if !python2 => {}
            Some(builtin) => return Ok(Value::Native(builtin)),
            None => {}
        }
        let message = format!("name '{text}' is not defined");
        self.raise("NameError", &message)
    }

    pub(super) fn constant(&mut self, value: &crate::python::program::Value) -> R<Value> {
        use crate::python::program::Value as Constant;
        Ok(match value {
            Constant::None => Value::None,
            Constant::Bool(truth) => Value::Bool(*truth),
            Constant::Int(int) => Value::Int(*int),
            Constant::Str(text) => Value::str(text),
            Constant::Tuple(items) => {
                let items = items.iter().map(|item| self.constant(item)).collect::<R<Vec<_>>>()?;
                self.tuple(items)
            }
            _ => return beyond("a constant of this kind"),
        })
    }
}
