//! All instructions, quickly.
//!
//! Most loop bodies handle integers only. Such a program is lowered to instructions on registers: variables, stack places and
//! constants each have one, types are known beforehand, and what falls between two looks at the eval breaker may be fused,
//! for nobody can observe it. Without a GIL the read and the write of x always stay two instructions. A body that the
//! lowering does not know is executed by [`Program::step`]'s machinery, with the same effects in the same order.

use std::{collections::HashMap, ops::ControlFlow};

use super::{
    Fault, FaultKind, Op, Program, Shared,
    compile::WORK,
    parse::{BinaryOp, CompareOp, UnaryOp},
    step::{Looked, WorkerState},
    value::{Builtin, Value, int_binary},
};
use crate::python::version::Check;

/// Why a running program calls back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The version looks at its eval breaker here, and drops its GIL if it was asked to (2.7: counts a tick). The free-threaded
    /// builds look in the same places.
    Look,
    /// The worker waits for that lock: call back once it may have become free.
    Blocked(u8),
}

/// The most instructions without a look at the eval breaker: a stop is obeyed only there.
const LONGEST_STRETCH: u64 = 1_000_000;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All iterations were done.
    Finished,
    /// The callback broke off.
    Stopped,
}

impl Program {
    /// Does the body so many times with that `d`, calling `hook` wherever the version looks at its eval breaker.
    ///
    /// # Errors
    ///
    /// As [`Program::step`].
    pub fn run<S: Shared>(
        &self,
        delta: i64,
        iterations: u64,
        shared: &mut S,
        hook: &mut impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<End, Fault> {
        match self.lower() {
            Some(lowered) => self.run_lowered(&lowered, delta, iterations, shared, hook),
            None => self.run_stepwise(delta, iterations, shared, hook),
        }
    }

    fn run_stepwise<S: Shared>(
        &self,
        delta: i64,
        iterations: u64,
        shared: &mut S,
        hook: &mut impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<End, Fault> {
        let mut state = self.start(delta, iterations);
        let mut looked = state.work();
        loop {
            let point = match self.step_and_look(&mut state, shared)? {
                Looked::Not if state.work() - looked > LONGEST_STRETCH => {
                    return Err(self.stuck(&state));
                }
                Looked::Not => continue,
                Looked::At => Point::Look,
                Looked::Blocked(lock) => Point::Blocked(lock),
                Looked::Finished => return Ok(End::Finished),
            };
            if hook(point).is_break() {
                return Ok(End::Stopped);
            }
            looked = state.work();
        }
    }

    /// A loop that nothing can interrupt, nor could in CPython: `while d:` with nothing but a `try` in it, in 3.10.
    fn stuck(&self, state: &WorkerState) -> Fault {
        let instruction = state.next().and_then(|(code, pc)| self.codes.get(code)?.instructions.get(pc));
        Fault {
            kind: FaultKind::NotCovered(format!(
                "{LONGEST_STRETCH} instructions during which {} does not look whether another thread wants the GIL are not \
                 covered: nothing could interrupt them; make the loop shorter",
                self.version
            )),
            opcode: instruction.map_or("", |instruction| instruction.opcode),
            place: instruction
                .and_then(|instruction| instruction.position)
                .map(|position| self.place(position)),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn run_lowered<S: Shared>(
        &self,
        lowered: &Lowered,
        delta: i64,
        iterations: u64,
        shared: &mut S,
        hook: &mut impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<End, Fault> {
        // An index of one byte is always within these, so that none is checked.
        let mut registers = lowered.registers.clone();
        let r = &mut *registers;
        r[0] = delta;
        r[1] = i64::try_from(iterations).unwrap_or(i64::MAX);
        let mut pc = 0;
        loop {
            let Some(&instruction) = lowered.code.get(pc) else {
                return Ok(End::Finished);
            };
            pc += 1;
            match instruction.act {
                Act::Look => {}
                Act::LoadX(to) => r[usize::from(to)] = shared.load_x(),
                Act::StoreX(from) => shared.store_x(r[usize::from(from)]),
                Act::UpdateX(by) => match shared.load_x().checked_add(r[usize::from(by)]) {
                    Some(x) => shared.store_x(x),
                    None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                },
                Act::Move(to, from) => r[usize::from(to)] = r[usize::from(from)],
                Act::Add(to, left, right) => match r[usize::from(left)].checked_add(r[usize::from(right)]) {
                    Some(sum) => r[usize::from(to)] = sum,
                    None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                },
                Act::Binary(op, to, left, right) => {
                    match int_binary(op, r[usize::from(left)], r[usize::from(right)]) {
                        Ok(value) => r[usize::from(to)] = value,
                        Err(kind) => return Err(self.fault(kind, lowered, pc - 1)),
                    }
                }
                Act::Unary(op, to, from) => {
                    let value = r[usize::from(from)];
                    r[usize::from(to)] = match op {
                        UnaryOp::Negative => match value.checked_neg() {
                            Some(value) => value,
                            None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                        },
                        UnaryOp::Positive => value,
                        UnaryOp::Invert => !value,
                        UnaryOp::Not => i64::from(value == 0),
                    };
                }
                Act::Compare(op, to, left, right) => {
                    let (left, right) = (r[usize::from(left)], r[usize::from(right)]);
                    r[usize::from(to)] = i64::from(match op {
                        CompareOp::Equal => left == right,
                        CompareOp::NotEqual => left != right,
                        CompareOp::Less => left < right,
                        CompareOp::LessEqual => left <= right,
                        CompareOp::Greater => left > right,
                        _ => left >= right,
                    });
                }
                Act::Jump(target) => pc = target as usize,
                Act::JumpIf(when, register, target) => {
                    if (r[usize::from(register)] != 0) == when {
                        pc = target as usize;
                    } else if instruction.look_if_taken {
                        continue;
                    }
                }
                Act::StartRange(to, stop) => {
                    r[usize::from(to)] = 0;
                    r[usize::from(to.wrapping_add(1))] = r[usize::from(stop)];
                }
                Act::ForRange(iterator, to, exit) => {
                    let next = r[usize::from(iterator)];
                    if next < r[usize::from(iterator.wrapping_add(1))] {
                        r[usize::from(iterator)] = next + 1;
                        r[usize::from(to)] = next;
                    } else {
                        pc = exit as usize;
                    }
                }
                Act::Again(iterator, to, body, exit) => {
                    if instruction.look_first && hook(Point::Look).is_break() {
                        return Ok(End::Stopped);
                    }
                    let next = r[usize::from(iterator)];
                    if next < r[usize::from(iterator.wrapping_add(1))] {
                        r[usize::from(iterator)] = next + 1;
                        r[usize::from(to)] = next;
                        pc = body as usize;
                    } else {
                        pc = exit as usize;
                    }
                }
                Act::UpdateLoop(by, iterator, to, exit) => {
                    let (by, end) = (r[usize::from(by)], r[usize::from(iterator.wrapping_add(1))]);
                    let mut next = r[usize::from(iterator)];
                    loop {
                        // Still a read and a write: the check for overflow stands between them.
                        match shared.load_x().checked_add(by) {
                            Some(x) => shared.store_x(x),
                            None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                        }
                        if instruction.look_first && hook(Point::Look).is_break() {
                            return Ok(End::Stopped);
                        }
                        if next >= end {
                            break;
                        }
                        r[usize::from(to)] = next;
                        next += 1;
                    }
                    r[usize::from(iterator)] = next;
                    pc = exit as usize;
                }
                Act::Acquire(lock) => {
                    while !shared.try_acquire(lock) {
                        if hook(Point::Blocked(lock)).is_break() {
                            return Ok(End::Stopped);
                        }
                    }
                }
                Act::Release(lock) => shared.release(lock),
            }
            if instruction.look && hook(Point::Look).is_break() {
                return Ok(End::Stopped);
            }
        }
    }

    fn fault(&self, kind: FaultKind, lowered: &Lowered, at: usize) -> Fault {
        let instruction =
            lowered.origins.get(at).and_then(|&origin| self.codes.first()?.instructions.get(origin));
        Fault {
            kind,
            opcode: instruction.map_or("", |instruction| instruction.opcode),
            place: instruction
                .and_then(|instruction| instruction.position)
                .map(|position| self.place(position)),
        }
    }
}

/// A jump out of the code.
const OUT: u32 = u32::MAX;

/// What an instruction on registers does. The target comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Nothing but looking at the eval breaker.
    Look,
    LoadX(u8),
    StoreX(u8),
    /// Reads x, adds and writes x, where the version does not look in between.
    UpdateX(u8),
    /// Adds that number to x, in a read and a write, for as long as the range goes on: a whole loop of nothing else.
    UpdateLoop(u8, u8, u8, u32),
    Move(u8, u8),
    Add(u8, u8, u8),
    Binary(BinaryOp, u8, u8, u8),
    Unary(UnaryOp, u8, u8),
    Compare(CompareOp, u8, u8, u8),
    Jump(u32),
    JumpIf(bool, u8, u32),
    /// An iterator over `range(stop)`: the next value, and in the register behind it the end.
    StartRange(u8, u8),
    ForRange(u8, u8, u32),
    /// A jump to a `ForRange`, and that: where the body begins, where the loop is left.
    Again(u8, u8, u32, u32),
    Acquire(u8),
    Release(u8),
}

#[derive(Clone, Copy, Debug)]
struct Fast {
    act: Act,
    look: bool,
    /// For a conditional jump: the look is for the jump alone.
    look_if_taken: bool,
    /// For a jump that is joined to what it goes to: look in between.
    look_first: bool,
}

/// A program on registers.
struct Lowered {
    code: Vec<Fast>,
    /// The instruction of `work` that each comes from.
    origins: Vec<usize>,
    /// The registers at the start: constants have their own.
    registers: Box<[i64; 256]>,
}

/// What is known of a stack place while lowering.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    /// A number in a register; whether it is a truth value.
    Number(u8, bool),
    /// A constant that is no number, or a lock's release.
    Constant(Value),
    /// `range(stop)`.
    Range(u8),
    /// An iterator over it, in two registers.
    Iterator(u8),
}

/// How far the registers of variables and of the stack reach; constants come from the other end.
struct Lowering<'a> {
    program: &'a Program,
    locals: usize,
    stack: Vec<Item>,
    /// The variables that have a value, and whether that is a truth value. A type never changes.
    assigned: Vec<bool>,
    types: Vec<Option<bool>>,
    code: Vec<Fast>,
    origins: Vec<usize>,
    registers: Box<[i64; 256]>,
    constants: HashMap<i64, u8>,
    /// The highest register of the stack so far.
    highest: u8,
    origin: usize,
}

impl Program {
    /// Lowers the program, if it keeps to what the registers know.
    fn lower(&self) -> Option<Lowered> {
        let work = self.codes.get(usize::from(WORK))?;
        let count = work.instructions.len();
        let locals = work.locals.len();
        let mut lowering = Lowering {
            program: self,
            locals,
            stack: Vec::new(),
            assigned: (0..locals).map(|slot| slot < 2).collect(),
            types: (0..locals).map(|slot| (slot < 2).then_some(false)).collect(),
            code: Vec::new(),
            origins: Vec::new(),
            registers: Box::new([0; 256]),
            constants: HashMap::new(),
            highest: 0,
            origin: 0,
        };
        let mut is_target = vec![false; count + 1];
        for instruction in &work.instructions {
            if let Some(target) = instruction.op.target() {
                *is_target.get_mut(target)? = true;
            }
        }
        let mut places = vec![u32::MAX; count + 1];
        let mut arrivals: Vec<Option<(Vec<Item>, Vec<bool>)>> = vec![None; count + 1];
        let mut reached = true;
        for (pc, instruction) in work.instructions.iter().enumerate() {
            lowering.origin = pc;
            if is_target[pc] {
                if reached {
                    lowering.settle()?;
                    lowering.arrive(&mut arrivals[pc])?;
                }
                let Some((stack, assigned)) = arrivals[pc].clone() else {
                    // Only reached from behind: nothing of the kind is compiled.
                    return None;
                };
                (lowering.stack, lowering.assigned) = (stack, assigned);
                reached = true;
            }
            places[pc] = u32::try_from(lowering.code.len()).ok()?;
            if !reached {
                continue;
            }
            let deferred = work.instructions.get(pc + 1).is_some_and(|next| next.defers);
            let look = matches!(instruction.check, Check::Always | Check::Call) && !deferred;
            reached = lowering.lower_one(&instruction.op, instruction.check, look, &mut arrivals)?;
            // A jump's own look must not be deferred by what it jumps to.
            if let Some(target) = instruction.op.target()
                && instruction.check != Check::Never
                && work.instructions.get(target).is_some_and(|next| next.defers)
            {
                return None;
            }
        }
        for fast in &mut lowering.code {
            match &mut fast.act {
                Act::Jump(OUT) => {}
                Act::Jump(target) | Act::JumpIf(_, _, target) | Act::ForRange(_, _, target) => {
                    *target = *places.get(*target as usize)?;
                }
                _ => {}
            }
        }
        // A constant may have been given the place of a stack that was deeper before.
        if usize::from(lowering.highest) + lowering.constants.len() >= 255 {
            return None;
        }
        let Lowering { code, origins, registers, .. } = lowering;
        Some(fuse(Lowered { code, origins, registers }, self.version.has_gil()))
    }
}

impl Lowering<'_> {
    fn emit(&mut self, act: Act, look: bool) {
        self.code.push(Fast { act, look, look_if_taken: false, look_first: false });
        self.origins.push(self.origin);
    }

    /// The register of the stack place above the present ones. An iterator takes two.
    fn top(&mut self) -> Option<u8> {
        let register = self.locals + 2 * self.stack.len();
        self.highest = self.highest.max(u8::try_from(register + 1).ok()?);
        u8::try_from(register).ok()
    }

    fn constant(&mut self, value: i64) -> Option<u8> {
        if let Some(&register) = self.constants.get(&value) {
            return Some(register);
        }
        let register = u8::try_from(255_usize.checked_sub(self.constants.len())?).ok()?;
        // The stack keeps its distance: see `top`.
        if usize::from(register) <= self.locals + 2 * self.stack.len() + 64 {
            return None;
        }
        self.registers[usize::from(register)] = value;
        self.constants.insert(value, register);
        Some(register)
    }

    /// Moves each number on the stack to its own register, as every way to a jump's target expects.
    fn settle(&mut self) -> Option<()> {
        for index in 0..self.stack.len() {
            let own = u8::try_from(self.locals + 2 * index).ok()?;
            self.highest = self.highest.max(own);
            if let Item::Number(register, truth) = self.stack[index]
                && register != own
            {
                self.emit(Act::Move(own, register), false);
                self.stack[index] = Item::Number(own, truth);
            }
        }
        Some(())
    }

    fn arrive(&self, arrival: &mut Option<(Vec<Item>, Vec<bool>)>) -> Option<()> {
        match arrival {
            None => *arrival = Some((self.stack.clone(), self.assigned.clone())),
            Some((stack, assigned)) => {
                if *stack != self.stack {
                    return None;
                }
                for (known, now) in assigned.iter_mut().zip(&self.assigned) {
                    *known &= now;
                }
            }
        }
        Some(())
    }

    fn number(&mut self) -> Option<(u8, bool)> {
        match self.stack.pop()? {
            Item::Number(register, truth) => Some((register, truth)),
            _ => None,
        }
    }

    /// Arrives at a jump's target; one behind must have been reached with no more variables unassigned than now.
    fn leave_for(&self, target: usize, arrivals: &mut [Option<(Vec<Item>, Vec<bool>)>]) -> Option<()> {
        if target <= self.origin
            && let Some((_, assigned)) = arrivals.get(target)?
            && assigned.iter().zip(&self.assigned).any(|(then, now)| *then && !now)
        {
            return None;
        }
        self.arrive(arrivals.get_mut(target)?)
    }

    /// Lowers one instruction; whether the next is reached from it.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    fn lower_one(
        &mut self,
        op: &Op,
        check: Check,
        look: bool,
        arrivals: &mut [Option<(Vec<Item>, Vec<bool>)>],
    ) -> Option<bool> {
        // What emits nothing of its own still has to look.
        let silent = |lowering: &mut Self| {
            if look {
                lowering.emit(Act::Look, true);
            }
        };
        match op {
            Op::Nop => silent(self),
            Op::LoadConst(value) => {
                let item = match value {
                    Value::Int(int) => Item::Number(self.constant(*int)?, false),
                    Value::Bool(truth) => Item::Number(self.constant(i64::from(*truth))?, true),
                    other => Item::Constant(other.clone()),
                };
                self.stack.push(item);
                silent(self);
            }
            Op::LoadFast(slot) => {
                let slot = usize::from(*slot);
                if !*self.assigned.get(slot)? {
                    return None;
                }
                let truth = (*self.types.get(slot)?)?;
                self.stack.push(Item::Number(u8::try_from(slot).ok()?, truth));
                silent(self);
            }
            Op::StoreFast(slot) => {
                let register = u8::try_from(*slot).ok()?;
                let slot = usize::from(*slot);
                let (from, truth) = self.number()?;
                if *self.types.get_mut(slot)?.get_or_insert(truth) != truth {
                    return None;
                }
                // A copy on the stack keeps the old value.
                if self.stack.contains(&Item::Number(register, truth)) {
                    self.settle()?;
                }
                self.assigned[slot] = true;
                self.emit(Act::Move(register, from), look);
            }
            Op::LoadX => {
                let to = self.top()?;
                self.emit(Act::LoadX(to), look);
                self.stack.push(Item::Number(to, false));
            }
            Op::StoreX => match self.number()? {
                (from, false) => self.emit(Act::StoreX(from), look),
                _ => return None,
            },
            Op::PopTop => {
                self.stack.pop()?;
                silent(self);
            }
            Op::Unary(op, ..) => {
                let (from, _) = self.number()?;
                let to = self.top()?;
                self.emit(Act::Unary(*op, to, from), look);
                self.stack.push(Item::Number(to, *op == UnaryOp::Not));
            }
            Op::Binary(op, _) => {
                let (right, right_truth) = self.number()?;
                let (left, left_truth) = self.number()?;
                let to = self.top()?;
                let act = match op {
                    BinaryOp::Add => Act::Add(to, left, right),
                    op => Act::Binary(*op, to, left, right),
                };
                let bits = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
                self.emit(act, look);
                self.stack.push(Item::Number(to, bits && left_truth && right_truth));
            }
            Op::Compare(op) => {
                if matches!(op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn) {
                    return None;
                }
                let (right, _) = self.number()?;
                let (left, _) = self.number()?;
                let to = self.top()?;
                self.emit(Act::Compare(*op, to, left, right), look);
                self.stack.push(Item::Number(to, true));
            }
            Op::Jump(target) => {
                self.settle()?;
                self.leave_for(*target, arrivals)?;
                self.emit(Act::Jump(u32::try_from(*target).ok()?), look);
                return Some(false);
            }
            Op::PopJump(when, target) => {
                let (register, truth) = self.number()?;
                self.settle()?;
                self.leave_for(*target, arrivals)?;
                let target = u32::try_from(*target).ok()?;
                self.emit(Act::JumpIf(*when, register, target), false);
                if let Some(fast) = self.code.last_mut() {
                    fast.look = match check {
                        Check::Never => false,
                        Check::NotBool => !truth,
                        Check::Always | Check::Call | Check::Taken => true,
                    };
                    fast.look_if_taken = check == Check::Taken;
                }
            }
            Op::GetIter => match self.stack.pop()? {
                Item::Range(stop) => {
                    let to = self.top()?;
                    self.emit(Act::StartRange(to, stop), look);
                    self.stack.push(Item::Iterator(to));
                }
                _ => return None,
            },
            Op::ForIter(target) => {
                let Some(Item::Iterator(iterator)) = self.stack.last().cloned() else {
                    return None;
                };
                self.settle()?;
                self.stack.pop();
                self.leave_for(*target, arrivals)?;
                self.stack.push(Item::Iterator(iterator));
                let to = self.top()?;
                let target = u32::try_from(*target).ok()?;
                self.emit(Act::ForRange(iterator, to, target), look);
                self.stack.push(Item::Number(to, false));
            }
            Op::Call(count) => self.lower_call(*count, look)?,
            Op::EnterWith => match self.stack.pop()? {
                Item::Constant(Value::Lock(number)) => {
                    self.emit(Act::Acquire(number), look);
                    self.stack.push(Item::Constant(Value::Exit(number)));
                    let truth = self.constant(1)?;
                    self.stack.push(Item::Number(truth, true));
                }
                _ => return None,
            },
            Op::ExitWith => match self.stack.pop()? {
                Item::Constant(Value::Exit(number)) => {
                    self.emit(Act::Release(number), look);
                    self.stack.push(Item::Constant(Value::None));
                }
                _ => return None,
            },
            // The end of `work` is the end of the code: nobody looks after it, or a caller outside the model does.
            Op::Return | Op::ReturnConst(_) => {
                if self.program.facts.drop.after_return {
                    self.emit(Act::Look, true);
                }
                self.emit(Act::Jump(OUT), false);
                return Some(false);
            }
            _ => return None,
        }
        Some(true)
    }

    fn lower_call(&mut self, count: u16, look: bool) -> Option<()> {
        let at = self.stack.len().checked_sub(usize::from(count) + 1)?;
        let args = self.stack.split_off(at + 1);
        let Item::Constant(callee) = self.stack.pop()? else {
            return None;
        };
        let rule = &self.program.facts.drop;
        if let Value::Function(number) = callee {
            return self.lower_constant_function(number, args.len());
        }
        let Value::Builtin(builtin) = callee else {
            return None;
        };
        let look = look && !rule.silent_calls.contains(&(builtin.name(), args.len()));
        let item = match (builtin, &args[..]) {
            (Builtin::Xrange | Builtin::Range, [Item::Number(stop, _)])
                if builtin == Builtin::Xrange || !self.program.facts.shape.python2 =>
            {
                Item::Range(*stop)
            }
            (Builtin::Int, [Item::Number(register, _)]) => {
                // Not left where the argument was: the next value on the stack goes there.
                let to = self.top()?;
                self.emit(Act::Move(to, *register), false);
                Item::Number(to, false)
            }
            (Builtin::Len, [Item::Constant(Value::Str(text))]) => {
                Item::Number(self.constant(i64::try_from(text.len()).ok()?)?, false)
            }
            _ => return None,
        };
        self.stack.push(item);
        if look {
            self.emit(Act::Look, true);
        }
        Some(())
    }

    /// A function that does nothing but return a number is its number and its looks.
    fn lower_constant_function(&mut self, number: u16, args: usize) -> Option<()> {
        let code = self.program.codes.get(usize::from(number))?;
        if code.parameters != args {
            return None;
        }
        let rule = &self.program.facts.drop;
        if rule.frame_entry {
            self.emit(Act::Look, true);
        }
        let mut constant = None;
        for instruction in &code.instructions {
            if instruction.defers {
                return None;
            }
            match &instruction.op {
                Op::Nop => {}
                Op::LoadConst(Value::Int(value)) => constant = Some(*value),
                Op::ReturnConst(Value::Int(value)) => {
                    constant = Some(*value);
                    break;
                }
                Op::Return => break,
                _ => return None,
            }
            if instruction.check != Check::Never {
                self.emit(Act::Look, true);
            }
        }
        if rule.after_return {
            self.emit(Act::Look, true);
        }
        let register = self.constant(constant?)?;
        self.stack.push(Item::Number(register, false));
        Some(())
    }
}

/// Joins neighbours that nobody can observe apart.
fn fuse(mut lowered: Lowered, has_gil: bool) -> Lowered {
    loop {
        let mut is_target = vec![false; lowered.code.len() + 1];
        for fast in &lowered.code {
            if let Some(target) = target(fast.act)
                && let Some(place) = is_target.get_mut(target as usize)
            {
                *place = true;
            }
        }
        let found = (0..lowered.code.len()).find_map(|at| {
            let fused = fused(&lowered.code[at..], has_gil)?;
            let inside = at + 1..at + fused.0;
            inside.clone().all(|at| !is_target[at]).then_some((at, fused))
        });
        let Some((at, (count, first))) = found else {
            return join_loops(lowered);
        };
        lowered.code[at] = first;
        lowered.code.drain(at + 1..at + count);
        lowered.origins.drain(at + 1..at + count);
        let gone = u32::try_from(count - 1).unwrap_or(0);
        for fast in &mut lowered.code {
            if let Act::Jump(target) | Act::JumpIf(_, _, target) | Act::ForRange(_, _, target) = &mut fast.act
                && *target as usize > at
                && *target != OUT
            {
                *target -= gone;
            }
        }
    }
}

/// Does the work of a loop's head where the loop goes on.
fn join_loops(mut lowered: Lowered) -> Lowered {
    for at in 0..lowered.code.len() {
        if let Act::Jump(head) = lowered.code[at].act
            && let Some(&Fast { act: Act::ForRange(iterator, to, exit), look, .. }) =
                lowered.code.get(head as usize)
        {
            lowered.code[at] = Fast {
                act: Act::Again(iterator, to, head + 1, exit),
                look,
                look_if_taken: false,
                look_first: lowered.code[at].look,
            };
            join_update(&mut lowered, at);
        }
    }
    lowered
}

/// A loop that does nothing but update x needs no more than one instruction.
fn join_update(lowered: &mut Lowered, again: usize) {
    let Fast { act: Act::Again(iterator, to, body, exit), look: false, look_first, .. } = lowered.code[again]
    else {
        return;
    };
    let body = body as usize;
    // Without a GIL updates are not fused, so there is none here: others may come between any two instructions.
    let Some([Fast { act: Act::UpdateX(by), look: false, .. }]) = lowered.code.get(body..again) else {
        return;
    };
    // The loop's own variable is another number each time.
    if *by != to {
        let act = Act::UpdateLoop(*by, iterator, to, exit);
        lowered.code[body] = Fast { act, look: false, look_if_taken: false, look_first };
    }
}

const fn target(act: Act) -> Option<u32> {
    match act {
        Act::Jump(target) | Act::JumpIf(_, _, target) | Act::ForRange(_, _, target) => Some(target),
        _ => None,
    }
}

/// What the first few instructions can be joined to, and how many they are.
fn fused(code: &[Fast], has_gil: bool) -> Option<(usize, Fast)> {
    match code {
        // Stack places are read once, so that one which is not the target of the move is not needed.
        [
            Fast { act: Act::ForRange(iterator, to, exit), look, .. },
            Fast { act: Act::Move(variable, from), look: false, .. },
            ..,
        ] if to == from => Some((
            2,
            Fast {
                act: Act::ForRange(*iterator, *variable, *exit),
                look: *look,
                look_if_taken: false,
                look_first: false,
            },
        )),
        [
            Fast { act: Act::LoadX(loaded), look: false, .. },
            Fast { act: Act::Add(sum, left, right), look: false, .. },
            Fast { act: Act::StoreX(stored), look, .. },
            ..,
        ] if has_gil && sum == stored && (left == loaded) != (right == loaded) => Some((
            3,
            Fast {
                act: Act::UpdateX(if left == loaded { *right } else { *left }),
                look: *look,
                look_if_taken: false,
                look_first: false,
            },
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::python::{program::SharedState, version::Version};

    /// What can be observed of a run.
    #[derive(Clone, Debug, PartialEq)]
    enum Event {
        Load(i64),
        Store(i64),
        Acquire(u8),
        Release(u8),
        Look,
    }

    /// Shared memory that another worker changes: each read of x sees more than the last write left.
    #[derive(Default)]
    struct Recorder {
        state: SharedState,
        events: std::rc::Rc<std::cell::RefCell<Vec<Event>>>,
    }

    impl Shared for Recorder {
        fn load_x(&mut self) -> i64 {
            self.state.x += 3;
            self.events.borrow_mut().push(Event::Load(self.state.x));
            self.state.x
        }

        fn store_x(&mut self, value: i64) {
            self.state.x = value;
            self.events.borrow_mut().push(Event::Store(value));
        }

        fn try_acquire(&mut self, lock: u8) -> bool {
            self.events.borrow_mut().push(Event::Acquire(lock));
            self.state.try_acquire(lock)
        }

        fn release(&mut self, lock: u8) {
            self.events.borrow_mut().push(Event::Release(lock));
            self.state.release(lock);
        }
    }

    fn observe(
        run: impl FnOnce(&mut Recorder, &mut dyn FnMut(Point) -> ControlFlow<()>) -> Result<End, Fault>,
    ) -> (Vec<Event>, Result<End, Fault>) {
        let mut recorder = Recorder::default();
        let events = std::rc::Rc::clone(&recorder.events);
        let mut left = 2000;
        let end = run(&mut recorder, &mut |_| {
            events.borrow_mut().push(Event::Look);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let events = recorder.events.borrow().clone();
        (events, end)
    }

    fn agree(body: &str, version: Version) -> bool {
        let program = Program::compile(body, "", version).unwrap();
        let Some(lowered) = program.lower() else {
            return false;
        };
        for delta in [1, -1] {
            let slow = observe(|shared, mut hook| program.run_stepwise(delta, 3, shared, &mut hook));
            let fast = observe(|shared, mut hook| program.run_lowered(&lowered, delta, 3, shared, &mut hook));
            assert_eq!(slow, fast, "{body:?} {version}\n{program}\n{:?}", lowered.code);
        }
        true
    }

    #[test]
    fn the_reference_bodies_are_lowered_for_every_version() {
        for body in [
            "x += d",
            "x = x + len(s)",
            "x = x + int(1)",
            "x += one()",
            "with lock: x += d",
            "if d > 0:\n    x += 1\nelse:\n    x -= 1",
            "t = x\nfor i in range(2):\n    t += i\nx = t + d",
        ] {
            for version in Version::ALL {
                if version == Version::V2_7 && body.contains("range") {
                    continue;
                }
                assert!(agree(body, version), "{body:?} {version} is not lowered");
            }
        }
    }

    #[test]
    fn a_loop_of_updates_is_one_instruction_where_nobody_looks_between_load_and_store() {
        for (version, fused) in [(Version::V3_9, false), (Version::V3_13, true), (Version::V3_13t, false)] {
            let lowered = Program::compile("x += d", "", version).unwrap().lower().unwrap();
            let found = lowered.code.iter().any(|fast| matches!(fast.act, Act::UpdateLoop(..)));
            assert_eq!(found, fused, "{version}");
        }
    }

    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("x".to_owned()),
            Just("d".to_owned()),
            Just("t".to_owned()),
            Just("one()".to_owned()),
            Just("len(s)".to_owned()),
            (-3_i64..4).prop_map(|int| format!("({int})")),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let op = prop::sample::select(vec![
                "+", "-", "*", "//", "%", "<<", ">>", "&", "|", "^", "<", "<=", "==", "!=", ">", ">=",
            ]);
            prop_oneof![
                (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                (prop::sample::select(vec!["-", "~", "+"]), inner.clone())
                    .prop_map(|(op, a)| format!("({op}{a})")),
                inner.clone().prop_map(|a| format!("int({a})")),
                (inner.clone(), inner.clone(), inner.clone())
                    .prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            ]
        })
    }

    fn statements() -> impl Strategy<Value = String> {
        let simple = prop_oneof![
            expression().prop_map(|e| format!("x = 0 + {e}")),
            expression().prop_map(|e| format!("x += {e}")),
            expression().prop_map(|e| format!("t = 0 + {e}")),
            expression().prop_map(|e| format!("t -= {e}")),
        ];
        let block = simple.prop_recursive(2, 8, 3, |inner| {
            let indent = |body: &str| format!("    {}\n", body.trim_end().replace('\n', "\n    "));
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}\n{b}")),
                (expression(), inner.clone(), inner.clone()).prop_map(move |(test, a, b)| format!(
                    "if {test}:\n{}else:\n{}",
                    indent(&a),
                    indent(&b)
                )),
                inner.clone().prop_map(move |a| format!("with lock:\n{}", indent(&a))),
                (expression(), inner.clone()).prop_map(move |(test, a)| format!(
                    "for i in range(3):\n{}    if {test}: continue\n    if i == 1: break\n",
                    indent(&a)
                )),
                inner.prop_map(move |a| format!("k = 2\nwhile k:\n    k -= 1\n{}", indent(&a))),
            ]
        });
        block.prop_map(|body| format!("t = x\n{body}"))
    }

    proptest! {
        #[test]
        fn lowered_and_stepped_runs_cannot_be_told_apart(
            body in statements(),
            version in prop::sample::select(Version::ALL.to_vec()),
        ) {
            agree(&body, version);
        }
    }
}
