//! A policy as people read it: rule, value, origin.

use std::fmt::Display;

use super::{Effective, Origin, Policy};
use crate::domain::say::Language;

/// One rule that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub rule: String,
    pub value: String,
    pub origin: Origin,
}

fn line<T>(rule: &str, effective: Effective<T>, written: impl FnOnce(T) -> String) -> Line {
    Line { rule: rule.to_owned(), value: written(effective.value), origin: effective.origin }
}

fn plain<T: Display>(rule: &str, effective: Effective<T>) -> Line {
    line(rule, effective, |value| value.to_string())
}

/// A list; an empty one restricts nothing, and is shown as what that means.
fn listed(items: impl IntoIterator<Item = impl Display>, empty: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { empty.to_owned() } else { items.join(", ") }
}

impl Policy<'_> {
    /// Every rule, in the order people ask for them.
    pub fn table(&self) -> Vec<Line> {
        let mut lines = self.names();
        lines.extend([
            plain("bookable", self.bookable()),
            plain("accepts_new_patients", self.accepts_new_patients()),
            line("visit_types", self.visits(), |codes| listed(codes, "none")),
            plain("default_visit_type", self.default_visit_type()),
        ]);
        let visits = self.visits().value;
        let kinds = self.visit_types().value.iter().filter(|kind| visits.contains(&kind.code.as_str()));
        lines.extend(kinds.map(|kind| plain(&format!("minutes.{}", kind.code), self.minutes(kind))));
        lines.extend([
            plain("buffer_minutes", self.buffer_minutes()),
            plain("min_notice_minutes", self.min_notice_minutes()),
            plain("max_advance_days", self.max_advance_days()),
            line("template_codes", self.template_codes(), |codes| listed(codes, "those of the visit type")),
            line("blocked_template_codes", self.blocked_template_codes(), |codes| listed(codes, "none")),
            line("daily_limit", self.daily_limit(), |limit| {
                if limit == 0 { "no limit".to_owned() } else { limit.to_string() }
            }),
            line("languages", self.languages(), |all| {
                listed(all.iter().map(|language| Language::code(*language)), "all")
            }),
            plain("priority", self.priority()),
            plain("hold_seconds", self.hold_seconds()),
        ]);
        lines
    }

    fn names(&self) -> Vec<Line> {
        let Some(provider) = self.provider else { return Vec::new() };
        let own = |rule: &str, value: &str| Line {
            rule: rule.to_owned(),
            value: value.to_owned(),
            origin: Origin::Provider,
        };
        let in_chinese = provider.name_zh.as_deref().map(|name| own("name_zh", name));
        [own("name", &provider.name)].into_iter().chain(in_chinese).collect()
    }
}
