//! Reads a row that a later release may have written: fields that this one does not know are left out.
//!
//! The same types are read from the configuration, where a name that is not known is a mistake. So they refuse it, and here
//! they do not come to see it.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    T::deserialize(Known(serde_json::from_str(text)?))
}

struct Known(Value);

impl IntoDeserializer<'_, Error> for Known {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Known {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Value::Object(found) = &mut self.0 {
            found.retain(|name, _| fields.contains(&name.as_str()));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Self))),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, Self(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};
    use vitarad_actors::domain::clinic::Clinic;

    use super::*;

    /// A clinic with something at every place where there can be something.
    fn full() -> Value {
        json!({
            "id": "maple", "name": "Maple Clinic", "phone": "6045550100", "lines": ["6045550101"],
            "voice_ids": ["one"], "timezone": "America/Vancouver", "language": "zh", "address": "1 Maple Street",
            "greeting": {"en": "Hello"}, "registration": {}, "transfer": "6045550102",
            "sms": {"enabled": true, "sender": "6045550101"}, "hours": {"monday": ["09:00-17:00"]},
            "holidays": {"2026-12-25": "closed"}, "booking": {"visit_types": [
                {"code": "visit", "minutes": 15, "template_codes": ["1"]}]},
            "limits": {"burst": 7}, "slot_offers": {}, "transfers": {}, "alarms": {}, "voice": {},
            "providers": [{"provider_no": "021", "name": "Dr. Example", "minutes": {"visit": 20},
                "template_codes": ["1"], "priority": -1, "languages": ["en"],
                "work_grid": {"slot_minutes": 15, "hours": {"friday": ["09:00-12:00"]}}}],
        })
    }

    /// At every place where a structure stands.
    fn with_a_field_more(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(with_a_field_more),
            Value::Object(fields) => {
                let is_a_table = |name: &str| ["handoffs", "holidays", "minutes"].contains(&name);
                fields
                    .iter_mut()
                    .filter(|(name, _)| !is_a_table(name))
                    .for_each(|(_, value)| with_a_field_more(value));
                fields.insert("added_later".to_owned(), Value::Object(Map::new()));
            }
            _ => {}
        }
    }

    #[test]
    fn a_clinic_of_a_later_release_is_read_without_what_that_has_added() {
        let mut row = full();
        let clinic: Clinic = serde_json::from_value(row.clone()).unwrap();
        // All that can be written, so that no place is missed.
        row = serde_json::to_value(&clinic).unwrap();
        assert_eq!(read::<Clinic>(&row.to_string()).unwrap(), clinic);
        with_a_field_more(&mut row);
        assert!(serde_json::from_value::<Clinic>(row.clone()).is_err(), "as from the configuration");
        assert_eq!(read::<Clinic>(&row.to_string()).unwrap(), clinic);
    }

    #[test]
    fn what_is_known_and_wrong_is_still_refused() {
        let mut row = full();
        row["limits"]["burst"] = json!("many");
        assert!(read::<Clinic>(&row.to_string()).is_err());
    }
}
