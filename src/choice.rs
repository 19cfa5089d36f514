//! A setting with a few named values: one list serves the command line, the reports and the errors.

/// A type whose values have names.
pub trait Choice: Copy + Send + Sync + 'static {
    /// All values, the default first.
    const ALL: &'static [Self];

    /// The value's name, as it is typed.
    fn name(self) -> &'static str;

    /// What it means, in a few words.
    fn meaning(self) -> &'static str;
}
