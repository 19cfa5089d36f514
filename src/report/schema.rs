//! The schema of the JSON: what documents there are, the fields of each, and what they mean.
//!
//! It is made from the types of the reports by their `Serialize` and their doc comments, and kept in `docs/schema.json`,
//! so that neither the program nor whoever builds it needs what makes it. A test holds the file equal to the types.

/// JSON Schema (2020-12) of every document that `--format json` and `--export FILE.json` write.
pub const SCHEMA: &str = include_str!("../../docs/schema.json");

#[cfg(test)]
mod tests {
    use super::SCHEMA;
    use crate::explore::StepKind;
    use crate::measure::Parameters;
    use crate::python::check::Kind;
    use crate::report::Report;
    use crate::report::check::CheckReport;
    use crate::report::convoy::ConvoyReport;
    use crate::report::diff::ChangeReport;
    use crate::report::dis::DisReport;
    use crate::report::explore::{ExploreReport, ReferencesReport};
    use crate::report::list::ListReport;
    use crate::report::overhead::OverheadReport;
    use crate::report::verify::VerifyReport;
    use schemars::generate::SchemaSettings;
    use schemars::transform::{RecursiveTransform, Transform};
    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
    use serde_json::Value;
    use std::borrow::Cow;
    use std::{env, fs};

    /// What `gilsim --format json` writes. Times are in seconds unless the name says otherwise, shares are from 0 to 1, and a
    /// field is null where nothing was measured.
    #[derive(JsonSchema)]
    #[schemars(untagged, title = "gilsim")]
    #[expect(dead_code, reason = "the schema is made from their types")]
    enum Document {
        /// `race`, `mutex`, `atomic`, `sharded`, `gil`, `split`, `refcount`, `compare` and `python`: it has `comparison`.
        Measurements(Report),
        /// `explore`: it has `switching`.
        Explore(Box<ExploreReport>),
        /// `explore --refcount`: it has `ways`.
        References(ReferencesReport),
        /// `check`: it has `scope`.
        Check(CheckReport),
        /// `dis`: it has `program`.
        Dis(DisReport),
        /// `convoy`: it has `pings`.
        Convoy(ConvoyReport),
        /// `overhead`: it has `margin`.
        Overhead(OverheadReport),
        /// `verify`: it has `lossy_runs`.
        Verify(VerifyReport),
        /// `diff`: it has `after`.
        Diff(ChangeReport),
        /// `list`: besides what every document has, it has `results` alone.
        List(ListReport),
    }

    impl JsonSchema for Parameters {
        fn schema_name() -> Cow<'static, str> {
            "Parameters".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
    }

    impl JsonSchema for StepKind {
        fn schema_name() -> Cow<'static, str> {
            "StepKind".into()
        }

        fn inline_schema() -> bool {
            true
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string" })
        }
    }

    /// No field but those of the types; no `format` that only Rust knows.
    fn close(schema: &mut Schema) {
        if schema.get("properties").is_some() {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        schema.remove("format");
        // Where a comment breaks its lines is of no interest.
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    }

    fn of_the_types() -> String {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let mut schema = settings.into_generator().into_root_schema_for::<Document>();
        RecursiveTransform(close).transform(&mut schema);
        serde_json::to_string_pretty(&schema).unwrap() + "\n"
    }

    /// A check writes its verdicts as the words of its table, which no `Serialize` puts into the schema.
    #[test]
    fn the_verdicts_of_a_check_are_its_words() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let known = schema["$defs"]["CheckVerdict"]["oneOf"].as_array().unwrap();
        let known: Vec<&str> = known.iter().map(|verdict| verdict["const"].as_str().unwrap()).collect();
        let all = [
            Kind::Exact,
            Kind::Loses,
            Kind::Differs,
            Kind::Raises,
            Kind::Deadlocks,
            Kind::Incomplete,
            Kind::NotPython,
        ];
        assert_eq!(known, all.map(Kind::word));
    }

    #[test]
    fn the_file_is_what_the_types_say() {
        let made = of_the_types();
        if env::var_os("GILSIM_UPDATE_SCHEMA").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema.json");
            fs::write(path, &made).unwrap();
            return;
        }
        let same = made == SCHEMA;
        assert!(
            same,
            "docs/schema.json is not what the types say: GILSIM_UPDATE_SCHEMA=1 cargo test --lib schema"
        );
    }
}
