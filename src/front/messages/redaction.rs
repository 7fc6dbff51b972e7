//! Secrets travel in webhook bodies: provider tokens, tool secrets, URLs that are keys to a live call.
//! They are taken out by the name of their field before anything is written down.

use serde_json::Value;

const REDACTED: &str = "[redacted]";

/// Anywhere in a field's name.
const SECRET_WORDS: [&str; 5] = ["secret", "token", "apikey", "password", "authorization"];
/// The whole of it.
const SECRET_NAMES: [&str; 3] = ["controlurl", "listenurl", "monitor"];

pub(super) fn redact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name, value) { *value = REDACTED.into() } else { redact(value) }
            }
        }
        _ => {}
    }
}

/// Takes out what differs between two deliveries of the same report.
pub(super) fn drop_volatile(message: &mut Value) {
    if let Value::Object(fields) = message {
        fields.remove("timestamp");
    }
    drop_presigned(message);
}

fn drop_presigned(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_presigned),
        Value::Object(fields) => {
            fields.retain(|name, _| !plain(name).starts_with("presigned"));
            fields.values_mut().for_each(drop_presigned);
        }
        _ => {}
    }
}

/// Counts of a language model's tokens are not secrets, and what is not set hides nothing.
fn is_secret(name: &str, value: &Value) -> bool {
    let name = plain(name);
    let is_count = value.is_number() && name.ends_with("tokens");
    if value.is_null() || value.is_boolean() || is_count {
        return false;
    }
    SECRET_WORDS.into_iter().any(|word| name.contains(word))
        || SECRET_NAMES.contains(&name.as_str())
        || name.starts_with("presigned") && name.ends_with("url")
}

/// `X-API-Key`, `api_key` and `apiKey` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_taken_out_wherever_it_lies_and_however_it_is_spelt() {
        let mut value = json!({
            "phoneNumber": {"number": "+12065550199", "twilioAuthToken": "t", "twilioApiSecret": "s"},
            "tools": [{"server": {"secret": "x", "headers": {"X-API-Key": "k", "Authorization": "Bearer b"}}}],
            "call": {"monitor": {"controlUrl": "https://a.test/control"}, "listenUrl": "wss://a.test/listen"},
            "artifact": {"presignedMonoUrl": "https://a.test/m?sig=1", "recordingUrl": "https://a.test/r"},
            "login": {"db_password": 12_345_678}
        });
        redact(&mut value);
        assert_eq!(
            value,
            json!({
                "phoneNumber": {"number": "+12065550199", "twilioAuthToken": REDACTED, "twilioApiSecret": REDACTED},
                "tools": [{"server": {"secret": REDACTED, "headers": {"X-API-Key": REDACTED, "Authorization": REDACTED}}}],
                "call": {"monitor": REDACTED, "listenUrl": REDACTED},
                "artifact": {"presignedMonoUrl": REDACTED, "recordingUrl": "https://a.test/r"},
                "login": {"db_password": REDACTED}
            })
        );
    }

    #[test]
    fn a_count_of_tokens_and_a_secret_that_is_not_set_stay() {
        let mut value = json!({"promptTokens": 812, "serverUrlSecret": null, "isServerUrlSecretSet": true});
        let before = value.clone();
        redact(&mut value);
        assert_eq!(value, before);
    }
}
