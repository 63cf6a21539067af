//! `[x]` where `[[x]]` belongs, and the reverse: said as that, and read as it was meant.

use figment::value::Value;

use super::environment;
use super::extract::written;
use super::layers::Layers;
use super::mistake::Mistake;
use crate::config::section::schema::Node;

/// Makes of one table the list of one that `node` takes, or the reverse, and says what to write.
pub(in crate::config) fn mend(
    value: &mut Value,
    node: Node,
    path: &[String],
    from: String,
    layers: &Layers,
) -> Option<Mistake> {
    let takes_tables = node.items().is_some_and(|items| items.takes("object"));
    let is_variable = from.starts_with(environment::SOURCE);
    let name = section_name(path);
    let what = match &value {
        Value::Dict(tag, _) if takes_tables && !node.takes("object") => {
            *value = Value::Array(*tag, vec![value.clone()]);
            match is_variable {
                true => "is one table, expected a list of them: write '[{ … }]'".to_owned(),
                false => format!("is one table, expected a list of them: write [[{name}]]"),
            }
        }
        Value::Array(_, items) if node.takes("object") && node.items().is_none() => {
            let [Value::Dict(tag, table)] = items.as_slice() else { return None };
            *value = Value::Dict(*tag, table.clone());
            match is_variable {
                true => "is a list, expected one table: write '{ … }'".to_owned(),
                false => format!("is a list of tables, expected one table: write [{name}]"),
            }
        }
        _ => return None,
    };
    let key = written(path, &layers.merged());
    let name = key.rsplit('.').next().unwrap_or(&key).to_owned();
    Some(Mistake::BadValue { name, what, key, from })
}

/// The name of the table that a path leads to, without the places in lists on the way: `auth.issuers`.
pub(super) fn section_name(path: &[String]) -> String {
    let names: Vec<&str> =
        path.iter().map(String::as_str).filter(|step| step.parse::<usize>().is_err()).collect();
    names.join(".")
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn said(text: &str) -> Vec<String> {
        let reasons = Config::from_toml_str(text).unwrap_err().reasons();
        reasons.iter().map(|reason| reason.replace("the configuration text", "mcp.toml")).collect()
    }

    #[test]
    fn one_table_for_a_list_of_them_says_the_brackets_to_write_and_is_read_on() {
        assert_eq!(
            said("[auth.issuers]\nissuer = \"https://a.example\""),
            [
                "issuers is one table, expected a list of them: write [[auth.issuers]]: auth.issuers in mcp.toml, line 1"
            ]
        );
        assert_eq!(
            said("[issuer]\n[issuer.clients]\nscopes = []\nclient_secrt = \"env:A\""),
            [
                "clients is one table, expected a list of them: write [[issuer.clients]]: issuer.clients in mcp.toml, line 2",
                "unknown key issuer.clients[0].client_secrt in mcp.toml, line 4: did you mean client_secret?",
                "client_id is missing: issuer.clients[0].client_id in mcp.toml, line 2",
            ]
        );
        assert_eq!(
            said("[[issuer]]\nusers = [\"ann\"]"),
            ["issuer is a list of tables, expected one table: write [issuer]: issuer in mcp.toml, line 1"]
        );
        assert!(Config::from_toml_str("[[auth.issuers]]\nissuer = \"https://a.example\"").is_ok());
    }
}
