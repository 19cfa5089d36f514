//! An input as a series of decisions.

/// The input, taken byte by byte; zeros follow its end.
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left, as it is.
    pub fn raw(&self) -> &'a [u8] {
        self.0
    }

    /// One byte.
    pub fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.next()) % end
    }

    /// One of several choices.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// All that is left, as text.
    pub fn rest(&mut self) -> String {
        String::from_utf8_lossy(std::mem::take(&mut self.0)).into_owned()
    }

    /// A few bytes as they are.
    pub fn some(&mut self) -> &'a [u8] {
        let (some, rest) =
            self.0.split_at(self.0.len().min(usize::from(self.0.first().map_or(0, |byte| byte % 32))));
        self.0 = rest;
        some
    }
}

/// The text of an error, which must say something.
pub fn reason(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    assert!(text.chars().filter(|letter| letter.is_alphabetic()).count() >= 8, "no reason: {text:?}");
    text
}
