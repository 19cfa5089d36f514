//! Writes elements, for pictures (SVG) and pages (HTML): whatever text comes in stays text.

use std::fmt::Write;

/// What was written so far.
#[derive(Debug, Default)]
pub(super) struct Markup {
    text: String,
}

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'a str, &'a str);

impl Markup {
    /// Begins an element, which [`Self::close`] ends.
    pub(super) fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.text.push('>');
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self, name: &str) {
        self.text.extend(["</", name, ">\n"]);
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.begin(name, attributes);
        self.text.push_str("/>\n");
    }

    /// An element with nothing but a text in it.
    pub(super) fn element(&mut self, name: &str, attributes: &[Attribute<'_>], text: &str) {
        self.open(name, attributes);
        self.text(text);
        self.close(name);
    }

    /// A text.
    pub(super) fn text(&mut self, text: &str) {
        escape(text, &mut self.text);
    }

    /// What is markup already, of this crate's own making.
    pub(super) fn markup(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn begin(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.text.extend(["<", name]);
        for (name, value) in attributes {
            self.text.extend([" ", name, "=\""]);
            escape(value, &mut self.text);
            self.text.push('"');
        }
    }
}

/// A text so that neither XML nor HTML takes any of it for markup, nor refuses it.
fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            '\t' | '\n' => into.push(c),
            // XML has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                into.push(char::REPLACEMENT_CHARACTER);
            }
            c => into.push(c),
        }
    }
}

/// A length in the picture's units, no longer than a tenth needs.
pub(super) fn length(value: f64) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{value:.1}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    proptest! {
        #[test]
        fn whatever_text_comes_in_stays_text(text in any::<String>(), value in any::<String>()) {
            let mut markup = Markup::default();
            markup.element("a", &[("b", &value)], &text);
            let markup = markup.finish();
            let mut reader = Reader::from_str(&markup);
            let mut elements = 0;
            loop {
                match reader.read_event() {
                    Ok(Event::Eof) => break,
                    Ok(Event::Start(start)) => {
                        elements += 1;
                        prop_assert_eq!(start.attributes().filter_map(Result::ok).count(), 1);
                    }
                    Ok(Event::Text(_) | Event::GeneralRef(_) | Event::End(_)) => {}
                    other => prop_assert!(false, "{:?} in {}", other, markup),
                }
            }
            prop_assert_eq!(elements, 1);
        }
    }

    #[test]
    fn hostile_texts_are_spelled_out() {
        let mut markup = Markup::default();
        markup.element("p", &[("t", "\" onload='x")], "<script>]]></pre>\u{1b}&");
        assert_eq!(
            markup.finish(),
            "<p t=\"&quot; onload=&#39;x\">&lt;script&gt;]]&gt;&lt;/pre&gt;\u{fffd}&amp;</p>\n"
        );
    }

    #[test]
    fn lengths_are_short() {
        assert_eq!([length(1.0), length(2.25), length(100.0)], ["1", "2.2", "100"]);
    }
}
