//! What an instruction gets at.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use super::machine::{Access, Location, Machine, Move, Use};
use super::state::{Object, Value};

/// A hash of a key or index, if it names the same element whatever the container holds.
pub(super) fn hash_of(key: &Value) -> Option<u64> {
    match key {
        Value::Str(text) => Some(FxBuildHasher.hash_one(text)),
        key => key.as_int().filter(|index| *index >= 0).map(|index| FxBuildHasher.hash_one(index)),
    }
}

impl Machine<'_> {
    /// Notes that an object's elements or state are got at.
    pub(super) fn touch(&mut self, at: u32, write: bool) {
        if write {
            self.touch_extent(at, true);
        }
        self.touch_lock(at, if write { Use::Write } else { Use::Read });
    }

    /// Notes that a dict is got at, or its keys alone.
    pub(super) fn touch_for(&mut self, at: u32, write: bool, keys: bool) {
        if keys {
            self.touch_extent(at, write);
        } else {
            self.touch(at, write);
        }
    }

    /// Notes that a method gets at a list or a deque. To pop where there is nothing changes nothing, and fails by how many there are.
    pub(super) fn touch_by_method(&mut self, at: u32, name: &str, write: bool, is_empty: bool) {
        let pops = name.starts_with("pop");
        if pops && is_empty {
            return self.touch_extent(at, false);
        }
        let known = self.accesses.len();
        self.touch(at, write);
        let moves = match name {
            "append" | "appendleft" => Some(Move::In),
            _ => pops.then_some(Move::Out),
        };
        self.accesses[known..].iter_mut().for_each(|access| access.moves = moves);
    }

    /// Notes that what was taken for a change of an object, or of any, is none.
    pub(super) fn changed_nothing(&mut self, object: Option<u32>) {
        let of_it = |access: &&mut Access| object.is_none() || access.object == object;
        for access in self.accesses.iter_mut().filter(of_it).filter(|access| access.how == Use::Write) {
            access.how = Use::Read;
        }
    }

    /// Notes what is done with a lock.
    pub(super) fn touch_lock(&mut self, at: u32, how: Use) {
        let location = Location::Content(self.state.heap[at as usize].site);
        self.accesses.push(Access { location, how, object: Some(at), key: None, moves: None });
    }

    /// Notes that what was got at last is one element of its object.
    pub(super) fn touch_element(&mut self, key: &Value) {
        if let Some(last) = self.accesses.last_mut() {
            last.key = hash_of(key);
        }
    }

    pub(super) fn touch_attribute(&mut self, at: u32, name: u16, write: bool) {
        let location = Location::Attribute(self.state.heap[at as usize].site, name);
        let how = if write { Use::Write } else { Use::Read };
        self.accesses.push(Access { location, how, object: Some(at), key: None, moves: None });
    }

    pub(super) fn touch_global(&mut self, name: u16, write: bool) {
        let location = Location::Global(self.current().process, name);
        let how = if write { Use::Write } else { Use::Read };
        self.accesses.push(Access { location, how, object: None, key: None, moves: None });
    }

    /// Notes that what a value holds is got at, if it can be changed.
    pub(super) fn touch_value(&mut self, value: &Value, write: bool) {
        if let Value::Ref(at) = value
            && !matches!(
                self.state.object(*at),
                Object::Tuple(_)
                    | Object::Range(..)
                    | Object::Iterator(..)
                    | Object::Pulled(..)
                    | Object::Lazy(..)
            )
        {
            if let Object::View(_, dict) = self.state.object(*at) {
                let dict = dict.clone();
                return self.touch_value(&dict, write);
            }
            self.touch(*at, write);
        }
    }

    /// Notes that how many elements a value has is got at, or which keys.
    pub(super) fn touch_extent_of(&mut self, value: &Value) {
        match (value, self.object_of(value)) {
            (_, Some(Object::View(_, dict))) => {
                let dict = dict.clone();
                self.touch_extent_of(&dict);
            }
            (Value::Ref(at), Some(object)) if object.has_extent() => self.touch_extent(*at, false),
            _ => self.touch_value(value, false),
        }
    }

    /// Notes that what iteration over a value gives is got at: of a dict, its keys.
    pub(super) fn touch_iterated(&mut self, value: &Value) {
        if matches!(self.object_of(value), Some(Object::Dict(..) | Object::View("keys", _))) {
            self.touch_extent_of(value);
        } else {
            self.touch_value(value, false);
        }
    }

    /// Notes that how many elements an object has, or which keys, is got at, if it is a container.
    pub(super) fn touch_extent(&mut self, at: u32, write: bool) {
        if self.state.object(at).has_extent() {
            let location = Location::Extent(self.state.heap[at as usize].site);
            let how = if write { Use::Write } else { Use::Read };
            self.accesses.push(Access { location, how, object: Some(at), key: None, moves: None });
        }
    }

    /// What was stored last in an object took the place of something else.
    pub(super) fn keeps_extent(&mut self, at: u32) {
        let location = Location::Extent(self.state.heap[at as usize].site);
        if let Some(last) = self.accesses.iter().rposition(|access| access.location == location) {
            self.accesses.remove(last);
        }
    }
}
