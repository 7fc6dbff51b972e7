//! Writes a reply straight into one string: these servers are asked thousands of times a second.

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::sandbox::oscar::jvm::Jvm;

const OPENING: &str =
    "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><ns2:";
const CLOSING: &str = "</soap:Body></soap:Envelope>";

pub(super) struct Reply {
    xml: String,
    operation: &'static str,
    /// Where the wrapper's content starts.
    content: usize,
}

impl Reply {
    pub(super) fn new(operation: &'static str, namespace: &str) -> Self {
        let mut xml = String::with_capacity(1024);
        xml.extend([OPENING, operation, "Response xmlns:ns2=\"", namespace, "\">"]);
        let content = xml.len();
        Self { xml, operation, content }
    }

    pub(super) fn finish(mut self) -> String {
        if self.xml.len() == self.content {
            self.xml.pop();
            self.xml.push_str("/>");
        } else {
            self.xml.extend(["</ns2:", self.operation, "Response>"]);
        }
        self.xml.push_str(CLOSING);
        self.xml
    }

    pub(super) fn open(&mut self, name: &str) {
        self.xml.extend(["<", name, ">"]);
    }

    pub(super) fn close(&mut self, name: &str) {
        self.xml.extend(["</", name, ">"]);
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.open(name);
        escape(&mut self.xml, value);
        self.close(name);
    }

    /// NULL is left out, an empty string is not.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(super) fn int(&mut self, name: &str, value: i32) {
        let mut digits = [0; 11];
        self.text(name, written(value, &mut digits));
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.text(name, if value { "true" } else { "false" });
    }

    /// A Java `char`: its code as a number.
    pub(super) fn letter(&mut self, name: &str, value: char) {
        self.int(name, i32::from(u16::try_from(u32::from(value)).unwrap_or(u16::MAX)));
    }

    pub(super) fn wall(&mut self, name: &str, value: DateTime, jvm: &Jvm, in_gmt: bool) {
        self.open(name);
        jvm.print(&mut self.xml, value, in_gmt);
        self.close(name);
    }

    pub(super) fn instant(&mut self, name: &str, value: Timestamp, jvm: &Jvm) {
        self.open(name);
        jvm.print_instant(&mut self.xml, value);
        self.close(name);
    }
}

fn written(value: i32, digits: &mut [u8; 11]) -> &str {
    let mut rest = value.unsigned_abs();
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    str::from_utf8(&digits[start..]).unwrap_or_default()
}

pub(super) fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| matches!(c, '&' | '<' | '>') || c < ' ') {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        out.push_str(match from.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'\t' => "\t",
            b'\n' => "\n",
            b'\r' => "&#13;",
            // XML cannot carry the other control characters at all.
            _ => "?",
        });
        rest = &from[1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_reply_is_an_empty_element() {
        let xml = Reply::new("updateAppointment", "http://ws.oscarehr.org/").finish();
        assert!(
            xml.contains("<ns2:updateAppointmentResponse xmlns:ns2=\"http://ws.oscarehr.org/\"/>"),
            "{xml}"
        );
    }

    #[test]
    fn null_is_left_out_and_an_empty_string_is_an_empty_element() {
        let mut reply = Reply::new("op", "http://ws.oscarehr.org/");
        reply.optional("a", None);
        reply.optional("b", Some(""));
        reply.text("c", "<R&D>\r陈\u{1}");
        reply.letter("d", 'C');
        assert!(
            reply.finish().contains("/\"><b></b><c>&lt;R&amp;D&gt;&#13;陈?</c><d>67</d></ns2:opResponse>")
        );
    }

    #[test]
    fn numbers_are_written_in_full() {
        for value in [0, 7, -1, 90_211, i32::MAX, i32::MIN] {
            assert_eq!(written(value, &mut [0; 11]), value.to_string());
        }
    }
}
