//! A form: the members of a type, as questions that every client can show (MCP 2026-07-28, elicitation: a flat object of text,
//! numbers, booleans and choices).

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rmcp::handler::server::common::schema_for_type;
use rmcp::model::{ElicitationSchema, JsonObject};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::from_call::read_arguments;
use crate::call::tool_error::ToolError;
use crate::declared::schema::{self, Check};

/// A form of a `T`, made once for each type.
pub(super) struct Form {
    check: Check,
    pub(super) requested: ElicitationSchema,
}

/// As many as a program has types to ask for.
static MADE: LazyLock<RwLock<HashMap<TypeId, Arc<Form>>>> = LazyLock::new(RwLock::default);

impl Form {
    /// # Errors
    /// The server's mistake, for the log: a type whose members no client can show.
    pub(super) fn of<T: JsonSchema + 'static>() -> Result<Arc<Self>, ToolError> {
        let made = MADE.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).cloned();
        if let Some(made) = made {
            return Ok(made);
        }
        let form = Arc::new(Self::made::<T>()?);
        MADE.write().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<T>(), Arc::clone(&form));
        Ok(form)
    }

    fn made<T: JsonSchema + 'static>() -> Result<Self, ToolError> {
        let mut schema = schema::readable(&schema_for_type::<T>());
        for member in schema
            .get_mut("properties")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(JsonObject::values_mut)
        {
            present(member);
        }
        schema.entry("properties").or_insert_with(|| json!({}));
        let check = Check::new(&schema, None).map_err(|error| error.to_string())?;
        let requested = ElicitationSchema::from_json_schema(schema).map_err(|error| {
            format!(
                "a form of `{}` cannot be shown: a form is a struct whose members are text, numbers, booleans and enums without \
                 fields, or an `Option` of one: {error}",
                type_name::<T>()
            )
        })?;
        Ok(Self { check, requested })
    }

    /// What a person filled in.
    ///
    /// # Errors
    /// Words for the client where it does not fit the form: clients should see to that, and need not.
    pub(super) fn read<T: DeserializeOwned>(&self, content: Option<Value>) -> Result<T, ToolError> {
        let Some(Value::Object(mut content)) = content else {
            return Err(ToolError::new("the person's answer came without a form"));
        };
        // A member that was left empty.
        content.retain(|_, value| !value.is_null());
        let content = Value::Object(content);
        if let Err(misfits) = self.check.fits(&content) {
            return Err(ToolError::new(format!(
                "the person's answer does not fit: {}",
                misfits.text("member", "form")
            )));
        }
        read_arguments(content)
            .map_err(|error| ToolError::new(format!("the person's answer does not fit: {}", error.message)))
    }
}

/// A member that may be left out is one that is not required: forms know no `null`.
fn present(member: &mut Value) {
    let Some(schema) = member.as_object_mut() else { return };
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [one] = &kinds[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let forms = schema.get("anyOf").and_then(Value::as_array).cloned().unwrap_or_default();
    let others: Vec<Value> =
        forms.into_iter().filter(|form| form.get("type").is_none_or(|kind| kind != "null")).collect();
    if let [Value::Object(one)] = &others[..] {
        schema.remove("anyOf");
        for (word, value) in one {
            schema.entry(word.clone()).or_insert_with(|| value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Trip {
        /// Where to.
        #[schemars(length(min = 1))]
        to: String,
        days: u32,
        price: Option<f64>,
        insured: bool,
        class: Class,
        meal: Option<Class>,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Class {
        First,
        Second,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "its schema is all that is asked for")]
    struct Nested {
        trip: Trip,
    }

    #[test]
    fn a_form_is_flat_and_says_what_is_needed() {
        let form = Form::of::<Trip>().unwrap();
        let shown = serde_json::to_value(&form.requested).unwrap();
        assert_eq!(
            shown["properties"]["to"],
            json!({ "type": "string", "description": "Where to.", "minLength": 1 })
        );
        assert_eq!(shown["properties"]["price"], json!({ "type": "number" }));
        assert_eq!(shown["properties"]["class"]["enum"], json!(["first", "second"]));
        assert_eq!(shown["properties"]["meal"]["enum"], json!(["first", "second"]));
        assert_eq!(shown["required"], json!(["to", "days", "insured", "class"]));
    }

    #[test]
    fn a_form_is_made_once_for_its_type() {
        let (one, again) = (Form::of::<Trip>().unwrap(), Form::of::<Trip>().unwrap());
        assert!(Arc::ptr_eq(&one, &again));
    }

    #[test]
    fn what_is_filled_in_becomes_the_type_and_what_does_not_fit_is_said() {
        let form = Form::of::<Trip>().unwrap();
        let filled = json!({ "to": "Rome", "days": 3.0, "price": null, "insured": true, "class": "first" });
        let trip: Trip = form.read(Some(filled)).unwrap();
        let expected = Trip {
            to: "Rome".to_owned(),
            days: 3,
            price: None,
            insured: true,
            class: Class::First,
            meal: None,
        };
        assert_eq!(trip, expected);
        for (content, why) in [
            (
                Some(json!({ "to": "", "days": 3, "insured": true, "class": "first" })),
                "`to`: expected text of at least 1",
            ),
            (
                Some(json!({ "to": "a", "days": 3, "insured": true, "class": "third" })),
                "`class`: expected one of",
            ),
            (Some(json!({ "to": "a" })), "`days`"),
            (Some(json!("Rome")), "without a form"),
            (None, "without a form"),
        ] {
            let error = form.read::<Trip>(content).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_type_that_no_client_can_show_is_the_servers_mistake() {
        let error = Form::of::<Nested>().map(drop).unwrap_err();
        assert_eq!(error.to_string(), "internal error");
        assert!(
            format!("{error:?}").contains("Nested") && format!("{error:?}").contains("cannot be shown"),
            "{error:?}"
        );
    }
}
