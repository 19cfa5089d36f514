//! Values and what the language does with them: operators, comparison, elements, text, builtins.

mod arithmetic;
mod attributes;
mod builtin;
mod calls;
mod canonical;
mod comparison;
mod sequences;
mod text;
mod value;

pub use builtin::Builtin;
pub use value::{Range, Value};

pub(super) use arithmetic::{binary, int_binary, unary};
pub(super) use calls::call;
pub(super) use canonical::collect;
pub(super) use comparison::{MOST_PAIRS, compare};
pub(super) use sequences::{iterator, next, store_subscript, subscript, unpack};
pub(crate) use text::quoted;
pub(super) use text::to_str;
pub(super) use value::{Heap, append, list, new_list, new_tuple, weight};
