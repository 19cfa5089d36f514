//! What a `PriorityQueue` keeps its elements in: a heap, as the functions of `heapq` make it. It counts which elements they compare,
//! for some cannot be.

use std::cmp::Ordering;

use super::machine::{Machine, R};
use super::state::Value;

impl Machine<'_> {
    /// `heappush`, of an element that stands at the end already. If two elements cannot be compared, it stays where it has come to.
    pub(super) fn heap_push(&mut self, heap: &mut [Value]) -> R<()> {
        self.move_to_root(heap, heap.len() - 1)
    }

    /// `heappop`, of elements of which there is one at least. If two cannot be compared, the one that was to be returned is gone.
    pub(super) fn heap_pop(&mut self, heap: &mut Vec<Value>) -> R<Value> {
        let least = heap.swap_remove(0);
        let mut at = 0;
        while at < heap.len() / 2 {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let is_left = right >= heap.len() || self.is_less(&heap[left], &heap[right])?;
            let child = if is_left { left } else { right };
            heap.swap(at, child);
            at = child;
        }
        if !heap.is_empty() {
            self.move_to_root(heap, at)?;
        }
        Ok(least)
    }

    /// Lets an element change places with those above it that are greater.
    fn move_to_root(&mut self, heap: &mut [Value], mut at: usize) -> R<()> {
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.is_less(&heap[at], &heap[parent])? {
                break;
            }
            heap.swap(at, parent);
            at = parent;
        }
        Ok(())
    }

    fn is_less(&mut self, one: &Value, other: &Value) -> R<bool> {
        Ok(self.order(one, other, "<")? == Ordering::Less)
    }
}
