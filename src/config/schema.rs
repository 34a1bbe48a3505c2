//! The JSON Schema of dingops.toml, made from the sections that read it.
//!
//! A section of its own needs three things: `#[cfg_attr(test, derive(schemars::JsonSchema))]` beside `Deserialize`, a
//! doc comment on each field, which is what editors show, and [`Spanned`] from [`super::document`]. A field that is
//! read by hand says its form by `extend`, or by `schema_with` and a function like those below. Then
//! `WRITE_SCHEMA=1 cargo test -p dingops --lib schema` writes dingops.schema.json anew.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform};
use serde_json::Value;

use super::{Sections, document::Spanned, http::Raw};

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Of any form.
impl JsonSchema for Raw {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Raw".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

/// The schema as it is committed. Without references: not every editor follows them.
pub(super) fn made() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Sections>();
    schema.insert("title".into(), "dingops.toml".into());
    without_null(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).expect("JSON");
    text.push('\n');
    text
}

/// TOML has no null: what is optional is left out.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    transform::transform_subschemas(&mut without_null, schema);
}

/// `confirm` of a rule.
pub(super) fn confirm(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [
        { "enum": ["none", "self"] },
        {
            "type": "object",
            "properties": { "peer": { "type": "array", "items": { "type": "string" }, "minItems": 1 } },
            "required": ["peer"],
            "additionalProperties": false,
        },
    ] })
}

/// `when` of a rule.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    let entry = json_schema!({ "type": ["string", "integer", "boolean"] });
    let entries = json_schema!({ "type": "array", "items": entry, "minItems": 1 });
    json_schema!({ "type": "object", "additionalProperties": { "anyOf": [entry, entries] } })
}

/// `[[defaults]]`: `in`, and arguments by their names.
pub(super) fn defaults(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": {
        "type": "object",
        "properties": { "in": {
            "description": "Names of `[groups]`, \"private\" or \"anywhere\".",
            "type": "array",
            "items": { "type": "string" },
            "minItems": 1,
        } },
        "required": ["in"],
        "additionalProperties": { "type": ["string", "integer"] },
    } })
}
