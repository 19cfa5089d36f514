//! Queues, of threads and of processes.

use super::machine::{Arguments, Machine, R, Wait, beyond};
use super::processes::{copy_value, is_shared};
use super::state::{Object, Order, Value};

impl Machine<'_> {
    /// A queue of a library's class.
    pub(super) fn make_queue(&mut self, class: &str, arguments: &Arguments) -> R<Value> {
        let most = self.given_int(arguments, "maxsize", 0)?.unwrap_or(0);
        let order = match class {
            "queue.SimpleQueue" => Order::Simple,
            "queue.LifoQueue" => Order::Last,
            "queue.PriorityQueue" => Order::Least,
            _ => Order::First,
        };
        let here = self.site();
        let site = if class == "multiprocessing.Queue" { here.of_processes() } else { here };
        let queue = Object::Queue(Vec::new(), usize::try_from(most).unwrap_or(0), 0, order);
        Ok(self.allocate_at(site, queue))
    }

    pub(super) fn queue_put(&mut self, queue: u32, item: &Value, wait: Wait) -> R<Value> {
        let Object::Queue(items, most, ..) = self.state.object(queue) else {
            return beyond("put() of this");
        };
        if *most > 0 && items.len() >= *most {
            self.block_at(queue, wait)?;
            self.touch(queue, false);
            return self.raise("queue.Full", "");
        }
        self.touch(queue, true);
        let item = if self.state.heap[queue as usize].site.is_of_processes() {
            self.pickled(item)?
        } else {
            item.clone()
        };
        let (mut heap, order) = match self.state.object(queue) {
            Object::Queue(items, _, _, order) => (items.clone(), *order),
            _ => return beyond("put() of this"),
        };
        heap.push(item);
        let placed = if order == Order::Least { self.heap_push(&mut heap) } else { Ok(()) };
        if let Object::Queue(items, _, unfinished, _) = self.state.object_mut(queue) {
            *items = heap;
            *unfinished += u32::from(placed.is_ok());
        }
        placed.map(|()| Value::None)
    }

    pub(super) fn queue_get(&mut self, queue: u32, wait: Wait) -> R<Value> {
        let Object::Queue(mut left, _, _, order) = self.state.object(queue).clone() else {
            return beyond("get() of this");
        };
        if left.is_empty() {
            self.block_at(queue, wait)?;
            self.touch(queue, false);
            return self.raise("queue.Empty", "");
        }
        let last = left.len() - 1;
        let item = match order {
            Order::First | Order::Simple => Ok(left.remove(0)),
            Order::Last => Ok(left.remove(last)),
            Order::Least => self.heap_pop(&mut left),
        };
        self.touch(queue, true);
        if let Object::Queue(items, ..) = self.state.object_mut(queue) {
            *items = left;
        }
        item
    }

    /// Whether what was put on a queue may not be there yet: another thread of the process writes it to a pipe, and has done so when the
    /// process ends.
    pub(super) fn is_on_its_way(&self, queue: u32) -> bool {
        let process = self.current().process;
        let mut others = self.state.threads.iter().filter(|it| it.process != process).peekable();
        let all_ended = others.peek().is_some() && others.all(|it| it.finished);
        self.state.heap[queue as usize].site.is_of_processes() && !all_ended
    }

    /// What goes from one process to another is copied, though the other be the same.
    fn pickled(&mut self, value: &Value) -> R<Value> {
        match value {
            Value::Ref(at) if is_shared(&self.state.heap[*at as usize]) => {
                beyond("such an object put on a multiprocessing.Queue")
            }
            _ => Ok(copy_value(&mut self.state, value)),
        }
    }
}
