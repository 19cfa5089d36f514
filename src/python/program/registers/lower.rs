//! Instructions on a stack to instructions on registers.

use super::super::{
    compiled::{Program, WORK},
    instruction::Op,
    operators::{BinaryOp, CompareOp, UnaryOp},
    values::{Builtin, Value},
};
use super::{
    fuse::fuse,
    machine::{Action, Lowered, OUT, RegisterInstruction},
};
use crate::python::version::Check;
use std::collections::HashMap;

/// What is known of a stack place while lowering.
#[derive(Clone, Debug, PartialEq)]
enum StackItem {
    /// A number in a register; whether it is a truth value.
    Number(u8, bool),
    /// A constant that is no number, or a lock's release.
    Constant(Value),
    /// `range(stop)`.
    Range(u8),
    /// An iterator over it, in two registers.
    Iterator(u8),
}

/// A body being lowered. Registers of variables and of the stack are numbered from 0 up, those of constants from 255 down.
struct Lowering<'a> {
    program: &'a Program,
    locals: usize,
    stack: Vec<StackItem>,
    /// The variables that have a value, and whether that is a truth value. A type never changes.
    assigned: Vec<bool>,
    types: Vec<Option<bool>>,
    code: Vec<RegisterInstruction>,
    origins: Vec<usize>,
    registers: Box<[i64; 256]>,
    constants: HashMap<i64, u8>,
    /// The highest register of the stack so far.
    highest: u8,
    origin: usize,
}

impl Program {
    /// Lowers the program, if it keeps to what the registers know.
    pub(crate) fn lower(&self) -> Option<Lowered> {
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
        let mut arrivals: Vec<Option<(Vec<StackItem>, Vec<bool>)>> = vec![None; count + 1];
        let mut reached = true;
        for (pc, instruction) in work.instructions.iter().enumerate() {
            lowering.origin = pc;
            if is_target[pc] {
                if reached {
                    lowering.move_stack_home()?;
                    lowering.merge_into(&mut arrivals[pc])?;
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
            reached = lowering.lower_instruction(&instruction.op, instruction.check, look, &mut arrivals)?;
            // A jump's own look must not be deferred by what it jumps to.
            if let Some(target) = instruction.op.target()
                && instruction.check != Check::Never
                && work.instructions.get(target).is_some_and(|next| next.defers)
            {
                return None;
            }
        }
        for instruction in &mut lowering.code {
            match &mut instruction.action {
                Action::Jump(OUT) => {}
                Action::Jump(target) | Action::JumpIf(_, _, target) | Action::ForRange(_, _, target) => {
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
    fn emit(&mut self, action: Action, look: bool) {
        self.code.push(RegisterInstruction { action, look, look_if_taken: false, look_first: false });
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
    fn move_stack_home(&mut self) -> Option<()> {
        for index in 0..self.stack.len() {
            let own = u8::try_from(self.locals + 2 * index).ok()?;
            self.highest = self.highest.max(own);
            if let StackItem::Number(register, truth) = self.stack[index]
                && register != own
            {
                self.emit(Action::Move(own, register), false);
                self.stack[index] = StackItem::Number(own, truth);
            }
        }
        Some(())
    }

    fn merge_into(&self, arrival: &mut Option<(Vec<StackItem>, Vec<bool>)>) -> Option<()> {
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
            StackItem::Number(register, truth) => Some((register, truth)),
            _ => None,
        }
    }

    /// Arrives at a jump's target; one behind must have been reached with no more variables unassigned than now.
    fn prepare_jump(
        &self,
        target: usize,
        arrivals: &mut [Option<(Vec<StackItem>, Vec<bool>)>],
    ) -> Option<()> {
        if target <= self.origin
            && let Some((_, assigned)) = arrivals.get(target)?
            && assigned.iter().zip(&self.assigned).any(|(then, now)| *then && !now)
        {
            return None;
        }
        self.merge_into(arrivals.get_mut(target)?)
    }

    /// Lowers one instruction; whether the next is reached from it.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    fn lower_instruction(
        &mut self,
        op: &Op,
        check: Check,
        look: bool,
        arrivals: &mut [Option<(Vec<StackItem>, Vec<bool>)>],
    ) -> Option<bool> {
        // What emits nothing of its own still has to look.
        let silent = |lowering: &mut Self| {
            if look {
                lowering.emit(Action::Look, true);
            }
        };
        match op {
            Op::Nop => silent(self),
            Op::LoadConst(value) => {
                let item = match value {
                    Value::Int(int) => StackItem::Number(self.constant(*int)?, false),
                    Value::Bool(truth) => StackItem::Number(self.constant(i64::from(*truth))?, true),
                    other => StackItem::Constant(other.clone()),
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
                self.stack.push(StackItem::Number(u8::try_from(slot).ok()?, truth));
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
                if self.stack.contains(&StackItem::Number(register, truth)) {
                    self.move_stack_home()?;
                }
                self.assigned[slot] = true;
                self.emit(Action::Move(register, from), look);
            }
            Op::LoadX => {
                let to = self.top()?;
                self.emit(Action::LoadX(to), look);
                self.stack.push(StackItem::Number(to, false));
            }
            Op::StoreX => match self.number()? {
                (from, false) => self.emit(Action::StoreX(from), look),
                _ => return None,
            },
            Op::PopTop => {
                self.stack.pop()?;
                silent(self);
            }
            Op::Unary(op, ..) => {
                let (from, _) = self.number()?;
                let to = self.top()?;
                self.emit(Action::Unary(*op, to, from), look);
                self.stack.push(StackItem::Number(to, *op == UnaryOp::Not));
            }
            Op::Binary(op, _) => {
                let (right, right_truth) = self.number()?;
                let (left, left_truth) = self.number()?;
                let to = self.top()?;
                let action = match op {
                    BinaryOp::Add => Action::Add(to, left, right),
                    op => Action::Binary(*op, to, left, right),
                };
                let bits = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
                self.emit(action, look);
                self.stack.push(StackItem::Number(to, bits && left_truth && right_truth));
            }
            Op::Compare(op) => {
                if matches!(op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn) {
                    return None;
                }
                let (right, _) = self.number()?;
                let (left, _) = self.number()?;
                let to = self.top()?;
                self.emit(Action::Compare(*op, to, left, right), look);
                self.stack.push(StackItem::Number(to, true));
            }
            Op::Jump(target) => {
                self.move_stack_home()?;
                self.prepare_jump(*target, arrivals)?;
                self.emit(Action::Jump(u32::try_from(*target).ok()?), look);
                return Some(false);
            }
            Op::PopJump(when, target) => {
                let (register, truth) = self.number()?;
                self.move_stack_home()?;
                self.prepare_jump(*target, arrivals)?;
                let target = u32::try_from(*target).ok()?;
                self.emit(Action::JumpIf(*when, register, target), false);
                if let Some(instruction) = self.code.last_mut() {
                    instruction.look = match check {
                        Check::Never => false,
                        Check::NotBool => !truth,
                        Check::Always | Check::Call | Check::Taken => true,
                    };
                    instruction.look_if_taken = check == Check::Taken;
                }
            }
            Op::GetIter => match self.stack.pop()? {
                StackItem::Range(stop) => {
                    let to = self.top()?;
                    self.emit(Action::StartRange(to, stop), look);
                    self.stack.push(StackItem::Iterator(to));
                }
                _ => return None,
            },
            Op::ForIter(target) => {
                let Some(StackItem::Iterator(iterator)) = self.stack.last().cloned() else {
                    return None;
                };
                self.move_stack_home()?;
                self.stack.pop();
                self.prepare_jump(*target, arrivals)?;
                self.stack.push(StackItem::Iterator(iterator));
                let to = self.top()?;
                let target = u32::try_from(*target).ok()?;
                self.emit(Action::ForRange(iterator, to, target), look);
                self.stack.push(StackItem::Number(to, false));
            }
            Op::Call(count) => self.lower_call(*count, look)?,
            Op::EnterWith => match self.stack.pop()? {
                StackItem::Constant(Value::Lock(number)) => {
                    self.emit(Action::Acquire(number), look);
                    self.stack.push(StackItem::Constant(Value::Exit(number)));
                    let truth = self.constant(1)?;
                    self.stack.push(StackItem::Number(truth, true));
                }
                _ => return None,
            },
            Op::ExitWith => match self.stack.pop()? {
                StackItem::Constant(Value::Exit(number)) => {
                    self.emit(Action::Release(number), look);
                    self.stack.push(StackItem::Constant(Value::None));
                }
                _ => return None,
            },
            // The end of `work` is the end of the code: nobody looks after it, or a caller outside the model does.
            Op::Return | Op::ReturnConst(_) => {
                if self.program.facts.drop.after_return {
                    self.emit(Action::Look, true);
                }
                self.emit(Action::Jump(OUT), false);
                return Some(false);
            }
            _ => return None,
        }
        Some(true)
    }

    fn lower_call(&mut self, count: u16, look: bool) -> Option<()> {
        let at = self.stack.len().checked_sub(usize::from(count) + 1)?;
        let args = self.stack.split_off(at + 1);
        let StackItem::Constant(callee) = self.stack.pop()? else {
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
            (Builtin::Xrange | Builtin::Range, [StackItem::Number(stop, _)])
                if builtin == Builtin::Xrange || !self.program.facts.shape.python2 =>
            {
                StackItem::Range(*stop)
            }
            (Builtin::Int, [StackItem::Number(register, _)]) => {
                // Not left where the argument was: the next value on the stack goes there.
                let to = self.top()?;
                self.emit(Action::Move(to, *register), false);
                StackItem::Number(to, false)
            }
            (Builtin::Len, [StackItem::Constant(Value::Str(text))]) => {
                StackItem::Number(self.constant(i64::try_from(text.len()).ok()?)?, false)
            }
            _ => return None,
        };
        self.stack.push(item);
        if look {
            self.emit(Action::Look, true);
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
            self.emit(Action::Look, true);
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
                self.emit(Action::Look, true);
            }
        }
        if rule.after_return {
            self.emit(Action::Look, true);
        }
        let register = self.constant(constant?)?;
        self.stack.push(StackItem::Number(register, false));
        Some(())
    }
}
