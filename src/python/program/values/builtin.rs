//! The builtin functions and types that a loop body may call.

/// A builtin function or type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// `abs`
    Abs,
    /// `bool`
    Bool,
    /// `getattr`
    Getattr,
    /// `int`
    Int,
    /// `isinstance`
    Isinstance,
    /// `len`
    Len,
    /// `list`
    List,
    /// `max`
    Max,
    /// `min`
    Min,
    /// `print`
    Print,
    /// `range`
    Range,
    /// `setattr`
    Setattr,
    /// `str`
    Str,
    /// `sum`
    Sum,
    /// `tuple`
    Tuple,
    /// `type`
    Type,
    /// Python 2's `xrange`.
    Xrange,
    /// The type of `None`.
    NoneType,
    /// The type of Python functions.
    FunctionType,
    /// The type of builtin functions.
    BuiltinFunctionType,
    /// The type of locks.
    LockType,
}

impl Builtin {
    const NAMED: [(&'static str, Self); 16] = [
        ("abs", Self::Abs),
        ("bool", Self::Bool),
        ("getattr", Self::Getattr),
        ("int", Self::Int),
        ("isinstance", Self::Isinstance),
        ("len", Self::Len),
        ("list", Self::List),
        ("max", Self::Max),
        ("min", Self::Min),
        ("print", Self::Print),
        ("range", Self::Range),
        ("setattr", Self::Setattr),
        ("str", Self::Str),
        ("sum", Self::Sum),
        ("tuple", Self::Tuple),
        ("type", Self::Type),
    ];

    /// The builtin of that name, if it is covered.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|&(_, builtin)| builtin)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xrange => "xrange",
            Self::NoneType => "NoneType",
            Self::FunctionType => "function",
            Self::BuiltinFunctionType => "builtin_function_or_method",
            Self::LockType => "lock",
            named => Self::NAMED.iter().find(|&&(_, builtin)| builtin == named).map_or("", |&(name, _)| name),
        }
    }

    pub(crate) const fn is_type(self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Int
                | Self::List
                | Self::Range
                | Self::Str
                | Self::Tuple
                | Self::Type
                | Self::NoneType
                | Self::FunctionType
                | Self::BuiltinFunctionType
                | Self::LockType
        )
    }
}
