//! What `getattr()` finds.

use super::super::fault::FaultKind;
use super::value::{Result, Value, type_error};

/// What Python's own objects have, and so is neither absent nor covered.
const ATTRIBUTES: &[&str] = &[
    "acquire",
    "append",
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "capitalize",
    "casefold",
    "center",
    "clear",
    "conjugate",
    "copy",
    "count",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "extend",
    "find",
    "format",
    "format_map",
    "from_bytes",
    "func_closure",
    "func_code",
    "func_defaults",
    "func_dict",
    "func_doc",
    "func_globals",
    "func_name",
    "index",
    "insert",
    "is_integer",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "locked",
    "locked_lock",
    "lower",
    "lstrip",
    "maketrans",
    "mro",
    "partition",
    "pop",
    "release",
    "remove",
    "removeprefix",
    "removesuffix",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "sort",
    "split",
    "splitlines",
    "start",
    "startswith",
    "step",
    "stop",
    "strip",
    "swapcase",
    "title",
    "to_bytes",
    "translate",
    "upper",
    "zfill",
];

pub(crate) fn get_attribute(object: &Value, name: &Value, default: Option<&Value>) -> Result<Value> {
    let Value::Str(name) = name else {
        return type_error("the name of an attribute must be a str".to_owned());
    };
    match (object.as_int(), &**name) {
        (Some(value), "real" | "numerator") => return Ok(Value::Int(value)),
        (Some(_), "imag") => return Ok(Value::Int(0)),
        (Some(_), "denominator") => return Ok(Value::Int(1)),
        _ => {}
    }
    if name.starts_with("__") || ATTRIBUTES.contains(&&**name) {
        return Err(FaultKind::NotCovered(format!("the attribute {name} is not covered")));
    }
    default
        .cloned()
        .ok_or_else(|| FaultKind::Attribute(format!("a {} has no attribute {name}", object.type_name())))
}
