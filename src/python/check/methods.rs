//! Methods of the library's objects.

use std::sync::Arc;

use super::library;
use super::logging::LOGGER;
use super::machine::{Arguments, Machine, R, Stop, Wait, beyond};
use super::state::{Lazy, Object, Part, Value};
use crate::python::version::Version;

impl Machine<'_> {
    /// A method of the library's. One that leaves a container as it was has changed nothing, whatever it could have done.
    pub(super) fn call_method(&mut self, receiver: &Value, name: &str, arguments: Arguments) -> R<Value> {
        self.know_arguments_of_method(receiver, name, &arguments)?;
        let container = match receiver {
            Value::Ref(at) if self.state.object(*at).has_extent() => Some(*at as usize),
            _ => None,
        };
        let before = container.map(|at| Arc::clone(&self.state.heap[at]));
        let result = self.do_method(receiver, name, arguments);
        if let (Some(at), Some(before)) = (container, before) {
            let now = &self.state.heap[at];
            if Arc::ptr_eq(&before, now) || before.object == now.object {
                self.changed_nothing(u32::try_from(at).ok());
            }
        }
        result
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of object")]
    fn do_method(&mut self, receiver: &Value, name: &str, arguments: Arguments) -> R<Value> {
        if let Value::Str(text) = receiver {
            let text = Arc::clone(text);
            return self.str_method(&text, name, &arguments);
        }
        let at = match receiver {
            Value::Ref(at) => *at,
            Value::Native("threading.Thread") => {
                let mut arguments = arguments;
                return match arguments.positional.first() {
                    Some(&Value::Ref(at)) => {
                        arguments.positional.remove(0);
                        self.thread_method(at, name, arguments)
                    }
                    _ => beyond(format!("this call of Thread.{name}")),
                };
            }
            Value::Native(class) if name == "__init__" && *class != "threading.Thread" => {
                let mut arguments = arguments;
                if arguments.positional.is_empty() {
                    return beyond(format!("this call of {class}.__init__"));
                }
                let instance = arguments.positional.remove(0);
                return self.super_method(&instance, name, arguments);
            }
            logger if *logger == LOGGER => return self.log(name, &arguments),
            _ => return beyond(format!("the method {name}")),
        };
        let object = self.state.object(at).clone();
        let in_python = matches!(
            &object,
            Object::Queue(..)
                | Object::Event(..)
                | Object::Condition(..)
                | Object::Barrier(..)
                | Object::Instance { part: Part::Thread(_), .. }
                | Object::Executor { .. }
                | Object::Future { .. }
        );
        let of_semaphore = matches!(&object, Object::Semaphore(..)) && matches!(name, "acquire" | "release");
        if of_semaphore || (in_python && library::IN_PYTHON.contains(&name)) {
            self.yield_once()?;
        }
        match object {
            Object::List(items) => self.list_method(at, items, name, &arguments),
            Object::Dict(items, factory) => self.dict_method(at, items, factory, name, &arguments),
            Object::Set(items) => self.set_method(at, items, name, &arguments.positional),
            Object::Deque(items, most) => self.deque_method(at, items, most, name, &arguments.positional),
            Object::Tuple(items) => match (name, &arguments.positional[..]) {
                ("count", [item]) => self.count_equal(&items, item),
                ("index", [item]) => match self.position(&items, item)? {
                    Some(at) => Self::int(i64::try_from(at).ok()),
                    None => self.raise("ValueError", "tuple.index(x): x not in tuple"),
                },
                _ => beyond(format!("the method {name} of a tuple")),
            },
            Object::Property(getter, _) if name == "setter" => {
                let setter = arguments.positional.first().cloned().unwrap_or(Value::None);
                Ok(self.allocate(Object::Property(getter, setter)))
            }
            Object::Super(_, instance) => self.super_method(&instance, name, arguments),
            Object::Class { .. } if name == "__init__" => {
                let mut arguments = arguments;
                let instance = if arguments.positional.is_empty() {
                    Value::None
                } else {
                    arguments.positional.remove(0)
                };
                self.super_method(&instance, name, arguments)
            }
            Object::Instance { part: Part::Thread(_), .. } => self.thread_method(at, name, arguments),
            Object::Lock(_) | Object::RLock(..) | Object::Semaphore(..) => match name {
                "acquire" => {
                    let wait = self.waits_for_lock(receiver, &arguments)?;
                    self.acquire(receiver, wait)
                }
                "release" if of_semaphore => {
                    let times = self.given_int(&arguments, "n", 0)?;
                    if times.is_some() && self.module.version < Version::V3_9 {
                        return beyond("release() of several before 3.9");
                    }
                    match times.unwrap_or(1) {
                        times @ 1.. => self.release_semaphore(at, times),
                        _ => self.raise("ValueError", "n must be one or more"),
                    }
                }
                "release" | "__exit__" => self.release(receiver),
                "__enter__" => self.acquire(receiver, Wait::Forever),
                "locked" if self.lacks_locked(at) => self.no_attribute(receiver, "locked"),
                "locked" => {
                    self.touch(at, false);
                    Ok(Value::Bool(matches!(
                        self.state.object(at),
                        Object::Lock(Some(_)) | Object::RLock(Some(_), _)
                    )))
                }
                _ => beyond(format!("the method {name} of a lock")),
            },
            Object::Condition(..) => match name {
                "acquire" => {
                    let wait = self.waits_for_lock(receiver, &arguments)?;
                    self.acquire(receiver, wait)
                }
                "release" | "__exit__" => self.release(receiver),
                "__enter__" => self.acquire(receiver, Wait::Forever),
                "wait" => {
                    let wait = self.time_limit(&arguments, 0)?;
                    self.condition_wait(at, wait)
                }
                "wait_for" if !self.module.facts.shape.python2 => {
                    let wait = self.time_limit(&arguments, 1)?;
                    match self.keyword(&arguments, "predicate", 0) {
                        Some(test) => self.condition_wait_for(at, &test, wait),
                        None => self.type_error("wait_for() needs a function", &[]),
                    }
                }
                "notify" => {
                    let count = self.given_int(&arguments, "n", 0)?.unwrap_or(1);
                    self.condition_notify(at, usize::try_from(count).unwrap_or(0))
                }
                "notify_all" | "notifyAll" => self.condition_notify(at, usize::MAX),
                _ => beyond(format!("this call of the method {name} of a condition")),
            },
            Object::Event(set, _) => match name {
                "set" | "clear" => {
                    self.touch(at, true);
                    if let Object::Event(set, waiters) = self.state.object_mut(at) {
                        *set = name == "set";
                        // They are woken, even if it is cleared before they run.
                        for (_, woken) in waiters.iter_mut() {
                            *woken |= *set;
                        }
                    }
                    Ok(Value::None)
                }
                "is_set" => {
                    self.touch(at, false);
                    Ok(Value::Bool(set))
                }
                "wait" => {
                    let wait = self.time_limit(&arguments, 0)?;
                    self.event_wait(at, wait)
                }
                _ => beyond(format!("this call of the method {name} of an event")),
            },
            Object::Barrier(..) if name == "wait" => {
                if self.time_limit(&arguments, 0)? != Wait::Forever {
                    return beyond("a time limit of a barrier");
                }
                self.barrier_wait(at)
            }
            Object::Queue(items, most, unfinished, _) => match name {
                "put" | "put_nowait" => {
                    let Some(item) = self.keyword(&arguments, "item", 0) else {
                        return beyond("put() without an element");
                    };
                    let wait = if name == "put" { self.waits_at_queue(at, &arguments, 1)? } else { Wait::No };
                    self.queue_put(at, &item, wait)
                }
                // Another thread of the process writes it to the pipe.
                "empty" | "full" | "qsize" | "get_nowait" if self.is_on_its_way(at) => beyond(format!(
                    "{name}() of a multiprocessing.Queue, where what was put comes a moment later"
                )),
                "get" | "get_nowait" => {
                    let wait = if name == "get" { self.waits_at_queue(at, &arguments, 0)? } else { Wait::No };
                    if wait == Wait::No && self.is_on_its_way(at) {
                        return beyond(
                            "get(False) of a multiprocessing.Queue, where what was put comes a moment later",
                        );
                    }
                    self.queue_get(at, wait)
                }
                "empty" | "full" | "qsize" => {
                    self.touch(at, false);
                    Ok(match name {
                        "empty" => Value::Bool(items.is_empty()),
                        "full" => Value::Bool(most > 0 && items.len() >= most),
                        _ => Self::int(i64::try_from(items.len()).ok())?,
                    })
                }
                "task_done" => {
                    self.touch(at, true);
                    if unfinished == 0 {
                        return self.raise("ValueError", "task_done() called too many times");
                    }
                    if let Object::Queue(_, _, unfinished, _) = self.state.object_mut(at) {
                        *unfinished -= 1;
                    }
                    Ok(Value::None)
                }
                "join" => {
                    if unfinished > 0 {
                        self.block_at(at, Wait::Forever)?;
                    }
                    self.touch(at, false);
                    Ok(Value::None)
                }
                _ => beyond(format!("the method {name} of a queue")),
            },
            Object::Executor { .. } => match name {
                "submit" => self.submit(at, arguments),
                "map" => {
                    let [function, items] = &arguments.positional[..] else {
                        return beyond("map() of several iterables");
                    };
                    let futures = self.submit_all(at, function, items)?;
                    self.yield_once()?;
                    let futures = self.allocate(Object::Pulled(futures, 0));
                    self.lazy(Lazy::Result, receiver.clone(), &[futures])
                }
                "shutdown" => {
                    let waits = match self.keyword(&arguments, "wait", 0) {
                        Some(waits) => self.truth(&waits)?,
                        None => true,
                    };
                    self.shutdown(at, waits)
                }
                "__exit__" => {
                    self.shutdown(at, true)?;
                    Ok(Value::None)
                }
                _ => beyond(format!("the method {name} of an executor")),
            },
            Object::Future { done, .. } => match name {
                "result" => {
                    let wait = self.time_limit(&arguments, 0)?;
                    self.future_result(receiver, wait)
                }
                "exception" => {
                    let wait = self.time_limit(&arguments, 0)?;
                    match self.future_result(receiver, wait) {
                        Ok(_) => Ok(Value::None),
                        Err(Stop::Raise(exception)) if done.is_some() => Ok(exception),
                        unfinished => unfinished,
                    }
                }
                "done" => {
                    self.touch(at, false);
                    Ok(Value::Bool(done.is_some()))
                }
                _ => beyond(format!("the method {name} of a future")),
            },
            Object::SharedValue(_, lock) if name == "get_lock" => Ok(lock),
            Object::Count(..) if name == "__next__" => match self.next(receiver)? {
                Some(value) => Ok(value),
                None => self.raise("StopIteration", ""),
            },
            _ => {
                let class = self.type_name(receiver);
                beyond(format!("the method {name} of a {class}"))
            }
        }
    }

    /// A method of the library's class from which an instance's class derives.
    pub(super) fn super_method(&mut self, instance: &Value, name: &str, arguments: Arguments) -> R<Value> {
        let Value::Ref(at) = *instance else {
            return beyond("super() of this");
        };
        match (self.state.object_mut(at), name) {
            (Object::Instance { part: Part::Thread(_), .. }, _) => self.thread_method(at, name, arguments),
            (Object::Instance { part: Part::Exception(args), .. }, "__init__") => {
                *args = arguments.positional;
                Ok(Value::None)
            }
            (Object::Instance { .. }, "__init__") => Ok(Value::None),
            _ => beyond(format!("super().{name}()")),
        }
    }
}
