//! One instruction at a time.

use super::{
    compiled::{Program, WORK},
    fault::{Fault, FaultKind},
    instruction::{Code, Instruction, Op},
    shared::Shared,
    values::{self, Heap, MOST_PAIRS, Value},
    worker::{Frame, Work, WorkerState, return_from},
};
use crate::python::version::Check;

/// How many calls may be under way, as `sys.getrecursionlimit()`.
const DEEPEST: usize = 1000;

/// What an instruction did to the shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Touched {
    /// Nothing.
    Nothing,
    /// It read x.
    LoadedX(i64),
    /// It wrote x.
    StoredX(i64),
    /// It took that lock.
    Acquired(u8),
    /// It freed that lock.
    Released(u8),
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// One instruction was executed.
    Done {
        /// Whether another thread may run now: this version looks at its eval breaker here, or has no GIL.
        may_drop: bool,
        /// What it did to the shared memory.
        touched: Touched,
    },
    /// Nothing was executed: the instruction waits for that lock.
    Blocked(u8),
    /// Nothing was executed: the worker had finished.
    Finished,
}

/// What became of a step, as far as the eval breaker goes.
#[derive(Clone, Copy)]
pub(super) enum Looked {
    /// It was looked at after the instruction.
    At,
    /// It was not.
    Not,
    /// Nothing was executed: the instruction waits for that lock.
    Blocked(u8),
    /// Nothing was executed: the worker had finished.
    Finished,
}

/// Where an instruction leads.
enum Next {
    /// On.
    Follow,
    /// To a place in the same function, by a jump.
    To(usize),
    /// Into a Python function.
    Entered,
    /// Back to the caller.
    Returned,
    /// Nowhere: it waits for a lock.
    Blocked(u8),
}

impl Program {
    /// A worker that will do the body so many times, with that `d`. More than `i64::MAX` iterations count as that many.
    #[must_use]
    pub fn start(&self, delta: i64, iterations: u64) -> WorkerState {
        let iterations = i64::try_from(iterations).unwrap_or(i64::MAX);
        let locals = self.codes.get(usize::from(WORK)).map_or(0, |code| code.locals.len());
        let mut values = vec![Value::Int(delta), Value::Int(iterations)];
        values.resize(locals.max(2), Value::Unbound);
        WorkerState {
            frames: vec![Frame { code: WORK, pc: 0, base: 0 }],
            values,
            heap: Heap::new(),
            asleep: false,
            work: Work::default(),
        }
    }

    /// Executes one instruction.
    ///
    /// # Errors
    ///
    /// If Python would raise an exception there, or the model ends; the state is then of no further use.
    pub fn step(&self, state: &mut WorkerState, shared: &mut impl Shared) -> Result<Step, Fault> {
        let (looked, touched) = self.look(state, shared)?;
        Ok(match looked {
            Looked::Blocked(lock) => Step::Blocked(lock),
            Looked::Finished => Step::Finished,
            Looked::At | Looked::Not => {
                Step::Done { may_drop: !self.version.has_gil() || matches!(looked, Looked::At), touched }
            }
        })
    }

    /// As [`Program::step`], for workers of which one has the GIL: one that finds a lock taken sleeps until it is let go. It takes the lock
    /// without the GIL, so others may run before it goes on (`acquire_timed` in `Modules/_threadmodule.c`). Where the GIL may go after
    /// each instruction that is nothing new.
    ///
    /// # Errors
    ///
    /// As [`Program::step`].
    pub(crate) fn step_or_sleep(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
    ) -> Result<Step, Fault> {
        let counts = self.version.has_gil() && self.facts.drop.default != Check::Always;
        let step = self.step(state, shared)?;
        Ok(match step {
            Step::Done { touched, .. } if std::mem::take(&mut state.asleep) => {
                Step::Done { may_drop: true, touched }
            }
            step => {
                state.asleep = counts && matches!(step, Step::Blocked(_));
                step
            }
        })
    }

    /// As [`Program::step`], but without the points that only the lack of a GIL makes.
    pub(super) fn step_and_look(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
    ) -> Result<Looked, Fault> {
        self.look(state, shared).map(|(looked, _)| looked)
    }

    pub(super) fn look(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
    ) -> Result<(Looked, Touched), Fault> {
        let Some((code, pc)) = state.next() else {
            return Ok((Looked::Finished, Touched::Nothing));
        };
        let Some((code, instruction)) =
            self.codes.get(code).and_then(|code| Some((code, code.instructions.get(pc)?)))
        else {
            return Ok((Looked::Finished, Touched::Nothing));
        };
        state.work.0 += 1;
        let mut effect = Effect {
            touched: Touched::Nothing,
            check: match instruction.check {
                Check::Always | Check::Call => true,
                Check::Never | Check::Taken | Check::NotBool => false,
            },
        };
        let next = self.execute(state, shared, code, instruction, &mut effect).map_err(|kind| Fault {
            kind,
            opcode: instruction.opcode,
            place: instruction.position.map(|position| self.place(position)),
        })?;
        match next {
            Next::Blocked(lock) => return Ok((Looked::Blocked(lock), Touched::Nothing)),
            Next::Follow | Next::Entered => {
                // A call has pushed the callee's frame: the caller's is the one below.
                let depth = 1 + usize::from(matches!(next, Next::Entered));
                let at = state.frames.len().checked_sub(depth);
                if let Some(frame) = at.and_then(|at| state.frames.get_mut(at)) {
                    frame.pc += 1;
                }
                if matches!(next, Next::Entered) {
                    effect.check = self.facts.drop.frame_entry;
                }
            }
            Next::To(target) => {
                if let Some(frame) = state.frames.last_mut() {
                    frame.pc = u32::try_from(target).unwrap_or(u32::MAX);
                }
            }
            Next::Returned => effect.check = self.facts.drop.after_return,
        }
        let deferred = state.next().is_some_and(|(code, pc)| {
            self.codes.get(code).and_then(|code| code.instructions.get(pc)).is_some_and(|next| next.defers)
        });
        let looked = if effect.check && !deferred { Looked::At } else { Looked::Not };
        Ok((looked, effect.touched))
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn execute(
        &self,
        state: &mut WorkerState,
        shared: &mut impl Shared,
        code: &Code,
        instruction: &Instruction,
        effect: &mut Effect,
    ) -> Result<Next, FaultKind> {
        let base = state.frames.last().map_or(0, |frame| frame.base as usize);
        match &instruction.op {
            Op::Nop | Op::LoopEnd => {}
            Op::LoadConst(value) => state.values.push(value.clone()),
            Op::LoadFast(slot) => {
                let slot = usize::from(*slot);
                match state.values.get(base + slot) {
                    Some(Value::Unbound) | None => {
                        let name = code.locals.get(slot).cloned();
                        return Err(FaultKind::Unbound(name.unwrap_or_default()));
                    }
                    Some(value) => {
                        let value = value.clone();
                        state.values.push(value);
                    }
                }
            }
            Op::LoadFastAndClear(slot) => {
                if let Some(place) = state.values.get_mut(base + usize::from(*slot)) {
                    let value = std::mem::replace(place, Value::Unbound);
                    state.values.push(value);
                }
            }
            Op::StoreFast(slot) => {
                let value = state.pop();
                if let Some(place) = state.values.get_mut(base + usize::from(*slot)) {
                    *place = value;
                }
            }
            Op::LoadX => {
                let x = shared.load_x();
                effect.touched = Touched::LoadedX(x);
                state.values.push(Value::Int(x));
            }
            Op::StoreX => match state.pop() {
                Value::Int(x) => {
                    shared.store_x(x);
                    effect.touched = Touched::StoredX(x);
                }
                other => return Err(FaultKind::XNotInt(other.type_name())),
            },
            Op::PopTop => {
                state.pop();
            }
            Op::Copy(n) => {
                let value = state.peek(*n);
                state.values.push(value);
            }
            Op::CopyTwo => {
                for _ in 0..2 {
                    let value = state.peek(2);
                    state.values.push(value);
                }
            }
            Op::Swap(n) => {
                let top = state.values.len();
                if let Some(other) = top.checked_sub(usize::from(*n))
                    && top > 0
                {
                    state.values.swap(top - 1, other);
                }
            }
            Op::RotThree => {
                let top = state.values.len();
                if let Some(last) = top.checked_sub(3).and_then(|at| state.values.get_mut(at..)) {
                    last.rotate_right(1);
                }
            }
            Op::Unary(op) => {
                let value = state.pop();
                state.values.push(values::unary(*op, &value, &state.heap)?);
            }
            Op::Binary(op, in_place) => {
                let right = state.pop();
                let left = state.pop();
                let value = values::binary(*op, *in_place, &left, &right, &mut state.heap)?;
                let listed = matches!(value, Value::List(_));
                state.values.push(value);
                state.count_top();
                if listed {
                    state.collect();
                }
            }
            Op::Compare(op) => {
                let right = state.pop();
                let left = state.pop();
                let mut pairs = MOST_PAIRS;
                let value = values::compare(*op, &left, &right, &state.heap, &mut pairs)?;
                state.work.add(MOST_PAIRS - pairs);
                state.values.push(Value::Bool(value));
            }
            Op::Subscript => {
                let index = state.pop();
                let container = state.pop();
                state.values.push(values::subscript(&container, &index, &state.heap)?);
            }
            Op::StoreSubscript => {
                let index = state.pop();
                let container = state.pop();
                let value = state.pop();
                values::store_subscript(&container, &index, value, &mut state.heap)?;
            }
            Op::BuildTuple(count) => {
                let items = state.pop_many(*count);
                state.values.push(values::new_tuple(items)?);
                state.count_top();
            }
            Op::BuildList(count) => {
                let items = state.pop_many(*count);
                state.make_list(items)?;
            }
            Op::ListAppend(n) => {
                let item = state.pop();
                if let Value::List(id) = state.peek(*n) {
                    let heavy = item.has_weight();
                    values::append(&mut state.heap, id, item)?;
                    state.work.add(state.heap.len());
                    if heavy {
                        state.work.add(values::list(&state.heap, id).len());
                    }
                }
            }
            Op::Unpack(count) => {
                let sequence = state.pop();
                let items = values::unpack(&sequence, usize::from(*count), &state.heap)?;
                state.values.extend(items.into_iter().rev());
            }
            Op::Jump(target) => return Ok(Next::To(*target)),
            Op::BreakLoop(target, pops) => {
                if *pops {
                    state.pop();
                }
                return Ok(Next::To(*target));
            }
            Op::PopJump(when, target) => {
                let value = state.pop();
                let taken = value.truth(&state.heap) == *when;
                effect.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
            }
            Op::PopJumpNone(when, target) => {
                let value = state.pop();
                let taken = (value == Value::None) == *when;
                effect.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
            }
            Op::JumpOrPop(when, target) => {
                let value = state.peek(1);
                let taken = value.truth(&state.heap) == *when;
                effect.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
                state.pop();
            }
            Op::GetIter => {
                let value = state.pop();
                state.values.push(values::iterator(&value)?);
            }
            Op::ForIter(target) => {
                if !state.heap.is_empty() {
                    state.collect();
                }
                let WorkerState { values, heap, .. } = state;
                let next = values.last_mut().and_then(|iterator| values::next(iterator, heap));
                if let Some(value) = next {
                    values.push(value);
                } else {
                    values.pop();
                    return Ok(Next::To(*target));
                }
            }
            Op::Call(count) => return self.call(state, *count, effect),
            Op::MakeFunction(number, captured) => {
                let values = captured
                    .iter()
                    .map(|&slot| {
                        state.values.get(base + usize::from(slot)).cloned().unwrap_or(Value::Unbound)
                    })
                    .collect();
                state.values.push(Value::Closure(*number, values));
            }
            Op::EnterWith => match state.peek(1) {
                Value::Lock(lock) => {
                    if !shared.try_acquire(lock) {
                        return Ok(Next::Blocked(lock));
                    }
                    effect.touched = Touched::Acquired(lock);
                    state.pop();
                    state.values.push(Value::Exit(lock));
                    state.values.push(Value::Bool(true));
                }
                other => {
                    return Err(FaultKind::Type(format!("a {} is no context manager", other.type_name())));
                }
            },
            Op::ExitWith => {
                if let Value::Exit(lock) = state.pop() {
                    shared.release(lock);
                    effect.touched = Touched::Released(lock);
                }
                state.values.push(Value::None);
            }
            Op::PrintItem => {
                let item = state.pop();
                values::to_str(&item, &state.heap)?;
            }
            Op::Program(_) => {
                return Err(FaultKind::NotCovered("a loop body is no whole program".to_owned()));
            }
            Op::Return => {
                let value = state.pop();
                return_from(state, value);
                return Ok(Next::Returned);
            }
            Op::ReturnConst(value) => {
                return_from(state, value.clone());
                return Ok(Next::Returned);
            }
        }
        Ok(Next::Follow)
    }

    fn call(&self, state: &mut WorkerState, count: u16, effect: &mut Effect) -> Result<Next, FaultKind> {
        let (number, captured) = match state.peek(count + 1) {
            Value::Function(number) => (number, None),
            Value::Closure(number, captured) => (number, Some(captured)),
            Value::Builtin(builtin) => {
                let args = state.pop_many(count);
                state.pop();
                let silent = self.facts.drop.silent_calls.contains(&(builtin.name(), args.len()));
                effect.check &= !silent;
                let range_is_list = self.facts.shape.python2;
                let mut pairs = MOST_PAIRS;
                let result = values::call(builtin, &args, range_is_list, &mut state.heap, &mut pairs)?;
                state.work.add(MOST_PAIRS - pairs + values::weight(&args, &Heap::new()));
                let listed = matches!(result, Value::List(_));
                state.values.push(result);
                state.count_top();
                if listed {
                    state.collect();
                }
                return Ok(Next::Follow);
            }
            other => {
                return Err(FaultKind::Type(format!("a {} cannot be called", other.type_name())));
            }
        };
        let Some(code) = self.codes.get(usize::from(number)) else {
            return Ok(Next::Follow);
        };
        if code.parameters != usize::from(count) {
            return Err(FaultKind::Type(format!(
                "{}() takes {} arguments, {count} given",
                code.name, code.parameters
            )));
        }
        if state.frames.len() >= DEEPEST {
            return Err(FaultKind::Recursion);
        }
        let base = state.values.len() - usize::from(count);
        state.values.resize(base + code.locals.len(), Value::Unbound);
        if let Some(captured) = captured {
            for (value, (_, slot)) in captured.iter().zip(&code.captures) {
                if let Some(place) = state.values.get_mut(base + usize::from(*slot)) {
                    *place = value.clone();
                }
            }
        }
        state.frames.push(Frame {
            code: number,
            pc: 0,
            base: u32::try_from(base).map_err(|_| FaultKind::Recursion)?,
        });
        Ok(Next::Entered)
    }
}

/// What else there is to say of an instruction.
struct Effect {
    touched: Touched,
    check: bool,
}

impl Effect {
    fn tested(&mut self, check: Check, taken: bool, value: &Value) {
        self.check = match check {
            Check::Never => false,
            Check::Always | Check::Call => true,
            Check::Taken => taken,
            Check::NotBool => !matches!(value, Value::Bool(_)),
        };
    }
}
