//! The words of exceptions that the interpreter raises, and of names that it gives, where versions differ. Each `{}` stands for a name or a number.

/// What a version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Messages {
    /// `1 // 0` and `divmod(1, 0)`.
    pub floor_by_zero: &'static str,
    /// `1 % 0`.
    pub remainder_by_zero: &'static str,
    /// `1 / 0`.
    pub true_by_zero: &'static str,
    /// `1.0 / 0`.
    pub float_by_zero: &'static str,
    /// `1.0 // 0`.
    pub float_floor_by_zero: &'static str,
    /// `1.0 % 0`.
    pub float_remainder_by_zero: &'static str,
    /// `0 ** -1`.
    pub zero_power: &'static str,
    /// `"a" + 1`: the type of the other.
    pub concatenate: &'static str,
    /// `[1]["a"]`: the type of the container, and of the index.
    pub index_type: &'static str,
    /// `"a"["b"]`: the type of the index.
    pub string_index_type: &'static str,
    /// `5[0]`: the type.
    pub no_item: &'static str,
    /// `max([])`: the function.
    pub empty_extreme: &'static str,
    /// `{[]: 1}`: the type, in one or two places.
    pub unhashable_key: &'static str,
    /// `{[]}`: the type, in one or two places.
    pub unhashable_element: &'static str,
    /// `1 in 5`: the type.
    pub no_container: &'static str,
    /// A local variable that has no value: its name.
    pub unbound_local: &'static str,
    /// A variable of a surrounding function that has no value: its name.
    pub unbound_free: &'static str,
    /// `a, b = 1, 2, 3`: how many were expected, and how many there are.
    pub too_many: &'static str,
    /// `a, b = [1]`: how many were expected, and how many there are. Python 2 names only the latter.
    pub too_few: &'static str,
    /// `[].index(1)`: the element.
    pub no_index: &'static str,
    /// `"%d" % (1, 2)`: how many are used, and how many there are.
    pub not_all: &'static str,
    /// `"%s %s" % 1`: how many there are.
    pub not_enough: &'static str,
    /// `"{}".format()`: the number of the field.
    pub no_field: &'static str,
    /// `range()` with a stride of zero.
    pub zero_stride: &'static str,
    /// `raise 5`.
    pub no_exception: &'static str,
    /// `repr()` of an exception with one argument: its class, and that.
    pub one_argument: &'static str,
    /// A setter that is missing: the name, and the class.
    pub no_setter: &'static str,
    /// `del a.b` of what is not there: class and name. Python 2 to 3.10 name only the latter.
    pub no_deletion: &'static str,
    /// A dict whose keys are others than at first, though they are as many (bpo-36452).
    pub keys_changed: Option<&'static str>,
    /// The name of a thread that is given a target and no name: its number, and the target's name (from 3.10 on, bpo-41833).
    pub thread_name: &'static str,
}

impl Messages {
    pub(super) const PY27: Self = Self {
        floor_by_zero: "integer division or modulo by zero",
        remainder_by_zero: "integer division or modulo by zero",
        true_by_zero: "integer division or modulo by zero",
        float_by_zero: "float division by zero",
        float_floor_by_zero: "float divmod()",
        float_remainder_by_zero: "float modulo",
        zero_power: "0.0 cannot be raised to a negative power",
        concatenate: "cannot concatenate 'str' and '{}' objects",
        index_type: "{} indices must be integers, not {}",
        string_index_type: "string indices must be integers, not {}",
        no_item: "'{}' object has no attribute '__getitem__'",
        empty_extreme: "{}() arg is an empty sequence",
        unhashable_key: "unhashable type: '{}'",
        unhashable_element: "unhashable type: '{}'",
        no_container: "argument of type '{}' is not iterable",
        unbound_local: "local variable '{}' referenced before assignment",
        unbound_free: "free variable '{}' referenced before assignment in enclosing scope",
        too_many: "too many values to unpack",
        too_few: "need more than {1} value{s} to unpack",
        no_index: "{} is not in list",
        not_all: "not all arguments converted during string formatting",
        not_enough: "not enough arguments for format string",
        no_field: "tuple index out of range",
        zero_stride: "range() step argument must not be zero",
        no_exception: "exceptions must be old-style classes or derived from BaseException, not {}",
        one_argument: "{}({},)",
        no_setter: "can't set attribute",
        no_deletion: "{1}",
        keys_changed: None,
        thread_name: "Thread-{}",
    };

    pub(super) const PY36: Self = Self {
        true_by_zero: "division by zero",
        concatenate: "must be str, not {}",
        index_type: "{} indices must be integers or slices, not {}",
        string_index_type: "string indices must be integers",
        no_item: "'{}' object is not subscriptable",
        too_many: "too many values to unpack (expected {})",
        too_few: "not enough values to unpack (expected {}, got {})",
        zero_stride: "range() arg 3 must not be zero",
        no_exception: "exceptions must derive from BaseException",
        ..Self::PY27
    };

    pub(super) const PY37: Self = Self {
        concatenate: "can only concatenate str (not \"{}\") to str",
        one_argument: "{}({})",
        ..Self::PY36
    };

    pub(super) const PY38: Self = Self {
        no_field: "Replacement index {} out of range for positional args tuple",
        keys_changed: Some("dictionary keys changed during iteration"),
        ..Self::PY37
    };

    pub(super) const PY39: Self = Self { float_floor_by_zero: "float floor division by zero", ..Self::PY38 };

    pub(super) const PY310: Self =
        Self { no_setter: "can't set attribute '{}'", thread_name: "Thread-{} ({})", ..Self::PY39 };

    pub(super) const PY311: Self = Self {
        remainder_by_zero: "integer modulo by zero",
        string_index_type: "string indices must be integers, not '{}'",
        unbound_local: "cannot access local variable '{}' where it is not associated with a value",
        unbound_free: "cannot access free variable '{}' where it is not associated with a value in enclosing scope",
        no_setter: "property '{}' of '{}' object has no setter",
        no_deletion: "'{}' object has no attribute '{}'",
        ..Self::PY310
    };

    pub(super) const PY312: Self = Self { empty_extreme: "{}() iterable argument is empty", ..Self::PY311 };

    pub(super) const PY313: Self = Self { float_remainder_by_zero: "float modulo by zero", ..Self::PY312 };

    pub(super) const PY314: Self = Self {
        floor_by_zero: "division by zero",
        remainder_by_zero: "division by zero",
        float_by_zero: "division by zero",
        float_floor_by_zero: "division by zero",
        float_remainder_by_zero: "division by zero",
        zero_power: "zero to a negative power",
        unhashable_key: "cannot use '{}' as a dict key (unhashable type: '{}')",
        unhashable_element: "cannot use '{}' as a set element (unhashable type: '{}')",
        no_container: "argument of type '{}' is not a container or iterable",
        too_many: "too many values to unpack (expected {}, got {})",
        no_index: "list.index(x): x not in list",
        ..Self::PY313
    };

    pub(super) const PY315: Self = Self {
        not_all: "not all arguments converted during string formatting (required {}, got {})",
        not_enough: "not enough arguments for format string (got {})",
        ..Self::PY314
    };

    /// The message with its places filled: each `{}` by the next word, `{1}` by the second.
    #[must_use]
    pub fn fill(message: &str, words: &[&str]) -> String {
        let mut text = message.replace("{1}", words.get(1).unwrap_or(&""));
        // Python 2 knows the plural of a value.
        text = text.replace("{s}", if words.get(1) == Some(&"1") { "" } else { "s" });
        for word in words.iter().chain(words.last()) {
            text = text.replacen("{}", word, 1);
        }
        text
    }
}
