//! What each instruction does that loop bodies have, too.

use super::machine::{ENTER, Machine, Next, R, beyond};
use super::state::{Object, Value};
use crate::python::program::{Instruction, Op};
use crate::python::version::Check;

impl<'m> Machine<'m> {
    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    pub(super) fn execute(&mut self, instruction: &'m Instruction) -> R<Next> {
        match &instruction.op {
            Op::Nop | Op::LoopEnd => {}
            Op::LoadConst(value) => {
                let value = self.constant(value)?;
                self.push(value);
            }
            Op::LoadFast(slot) => {
                let value = self.frame().slots[usize::from(*slot)].clone();
                if value == Value::Unbound {
                    let code = &self.module.codes[usize::from(self.frame().code)];
                    let name = &code.locals[usize::from(*slot)];
                    let message = Self::fill(self.module.facts.messages.unbound_local, &[name]);
                    return self.raise("UnboundLocalError", &message);
                }
                self.push(value);
            }
            Op::LoadFastAndClear(slot) => {
                let value =
                    std::mem::replace(&mut self.frame_mut().slots[usize::from(*slot)], Value::Unbound);
                self.push(value);
            }
            Op::StoreFast(slot) => {
                let value = self.peek();
                self.drop_top(1);
                self.frame_mut().slots[usize::from(*slot)] = value;
            }
            Op::PopTop => self.drop_top(1),
            Op::Copy(n) => {
                let value = self.top(usize::from(*n)).first().cloned().unwrap_or(Value::Unbound);
                self.push(value);
            }
            Op::CopyTwo => {
                let two = self.top(2);
                self.frame_mut().stack.extend(two);
            }
            Op::Swap(n) => {
                let stack = &mut self.frame_mut().stack;
                let top = stack.len();
                stack.swap(top - 1, top - usize::from(*n));
            }
            Op::RotThree => {
                let stack = &mut self.frame_mut().stack;
                let top = stack.len();
                stack[top - 3..].rotate_right(1);
            }
            Op::Unary(op) => {
                let value = self.peek();
                let result = self.unary(*op, &value)?;
                self.replace(1, result);
            }
            Op::Binary(op, in_place) => {
                let operands = self.top(2);
                let result = self.binary(*op, *in_place, &operands[0], &operands[1])?;
                self.replace(2, result);
            }
            Op::Compare(op) => {
                let operands = self.top(2);
                let result = self.compare(*op, &operands[0], &operands[1])?;
                self.replace(2, Value::Bool(result));
            }
            Op::Subscript => {
                let operands = self.top(2);
                let result = self.subscript(&operands[0], &operands[1])?;
                self.replace(2, result);
            }
            Op::StoreSubscript => {
                let operands = self.top(3);
                self.store_subscript(&operands[1], &operands[2], operands[0].clone())?;
                self.drop_top(3);
            }
            Op::BuildTuple(count) => {
                let items = self.top(usize::from(*count));
                let tuple = self.tuple(items);
                self.replace(usize::from(*count), tuple);
            }
            Op::BuildList(count) => {
                let items = self.top(usize::from(*count));
                let list = self.list(items);
                self.replace(usize::from(*count), list);
            }
            Op::ListAppend(n) => {
                let values = self.top(usize::from(*n) + 1);
                if let (Some(Value::Ref(at)), Some(item)) = (values.first(), values.last())
                    && let Object::List(items) = self.state.object_mut(*at)
                {
                    items.push(item.clone());
                }
                self.drop_top(1);
            }
            Op::Unpack(count) => {
                let value = self.peek();
                if self.object_of(&value).is_none() && !matches!(value, Value::Str(_)) {
                    return self.type_error("cannot unpack", &[&value]);
                }
                let mut items = self.elements(&value)?;
                let count = usize::from(*count);
                if items.len() != count {
                    let words = &self.module.facts.messages;
                    let words = if items.len() > count { words.too_many } else { words.too_few };
                    // How many there are is not said of what has no length.
                    if items.len() > count && self.length_of(&value).is_none() {
                        return self.raise_unworded("ValueError");
                    }
                    let message = Self::fill(words, &[&count.to_string(), &items.len().to_string()]);
                    return self.raise("ValueError", &message);
                }
                items.reverse();
                self.drop_top(1);
                self.frame_mut().stack.extend(items);
            }
            Op::Jump(target) => return Ok(Next::To(*target)),
            Op::BreakLoop(target, pops) => {
                if *pops {
                    self.drop_top(1);
                }
                return Ok(Next::To(*target));
            }
            Op::PopJump(when, target) => {
                let value = self.peek();
                let taken = self.truth(&value)? == *when;
                self.drop_top(1);
                self.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
            }
            Op::PopJumpNone(when, target) => {
                let value = self.peek();
                let taken = (value == Value::None) == *when;
                self.drop_top(1);
                self.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
            }
            Op::JumpOrPop(when, target) => {
                let value = self.peek();
                let taken = self.truth(&value)? == *when;
                self.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
                self.drop_top(1);
            }
            Op::GetIter => {
                let value = self.peek();
                let iterator = self.iterator(&value)?;
                self.replace(1, iterator);
            }
            Op::ForIter(target) => {
                let iterator = self.peek();
                if let Some(value) = self.next(&iterator)? {
                    self.push(value);
                } else {
                    self.drop_top(1);
                    return Ok(Next::To(*target));
                }
            }
            Op::Call(count) => return self.call_op(usize::from(*count), &[]),
            Op::EnterWith => {
                let context = self.peek();
                let entered = self.enter_context(&context)?;
                let exit = self.exit_of(&context);
                let by_the_program = self.has_special(&context, ENTER);
                self.calls_for_with(by_the_program);
                self.replace(1, exit);
                self.push(entered);
            }
            Op::ExitWith => {
                let exit = self.peek();
                let nones = vec![Value::None; 3];
                self.call_back(&exit, nones)?;
                self.calls_for_with(self.is_python(&exit));
                self.replace(1, Value::None);
            }
            Op::PrintItem => {
                let value = self.peek();
                let text = self.text(&value, false)?;
                self.print(&text, "\n");
                self.drop_top(1);
                self.set_check(true);
            }
            Op::Return => {
                let value = self.peek();
                return Ok(self.return_value(value));
            }
            Op::ReturnConst(value) => {
                let value = self.constant(value)?;
                return Ok(self.return_value(value));
            }
            Op::LoadX | Op::StoreX | Op::MakeFunction(..) => {
                return beyond("an instruction of a loop body");
            }
            Op::Program(op) => return self.execute_program_op(op),
        }
        Ok(Next::Follow)
    }

    pub(super) fn tested(&mut self, check: Check, taken: bool, value: &Value) {
        self.check = match check {
            Check::Never => false,
            Check::Always | Check::Call => true,
            Check::Taken => taken,
            Check::NotBool => !matches!(value, Value::Bool(_)),
        };
    }
}
