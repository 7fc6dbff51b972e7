//! The signature base string and its HMAC (RFC 5849, sections 3.4 and 3.6).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, Url};
use sha1::Sha1;
use zeroize::Zeroizing;

pub(super) type Parameters<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The signature of a request with the secrets of the consumer and, if there is one yet, of the token. Of a body only a
/// form would count, and we send none.
pub(super) fn signed(
    method: &Method,
    url: &Url,
    said: &Parameters<'_>,
    (consumer, token): (&str, Option<&str>),
) -> String {
    let key = Zeroizing::new(format!("{}&{}", encoded(consumer), encoded(token.unwrap_or_default())));
    let base = base_string(method, url, said);
    digest(key.as_bytes(), base.as_bytes())
}

fn digest(key: &[u8], text: &[u8]) -> String {
    // HMAC takes a key of any length; the error type knows of others that do not.
    let mac = Hmac::<Sha1>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes());
    mac.map(|mac| STANDARD.encode(mac)).unwrap_or_default()
}

fn base_string(method: &Method, url: &Url, said: &Parameters<'_>) -> String {
    let mut address = url.clone();
    // What is left is scheme, host, a port that is not the scheme's own, and path.
    address.set_query(None);
    address.set_fragment(None);
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .chain(said.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value))))
        .map(|(name, value)| (encoded(&name), encoded(&value)))
        .collect();
    // By encoded name, then by encoded value.
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}&{}&{}", method.as_str(), encoded(address.as_str()), encoded(&pairs.join("&")))
}

/// Everything but letters, digits, `-`, `.`, `_` and `~`, byte by byte, with upper-case digits. No other encoder does:
/// forms write a space as `+`, and URLs leave more as it is.
pub(super) fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)].into());
            out.push(DIGITS[usize::from(byte & 15)].into());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(pairs: &[(&'a str, &'a str)]) -> Parameters<'a> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    /// The published examples name hosts that somebody might look up.
    fn at(host: &[&str], rest: &str) -> Url {
        Url::parse(&format!("{}{rest}", host.concat())).unwrap()
    }

    /// RFC 5849, section 3.4.1.1. Its form body counts, which ours never do.
    fn of_the_rfc() -> (Url, Parameters<'static>) {
        let url = at(&["HTTP://EXAMPLE", ".com:80"], "/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b#part");
        let parameters = said(&[
            ("c2", ""),
            ("a3", "2 q"),
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ]);
        (url, parameters)
    }

    #[test]
    fn the_base_string_of_the_rfc_comes_out() {
        let (url, parameters) = of_the_rfc();
        let host = ["http%3A%2F%2Fexample", ".com"].concat();
        assert_eq!(
            base_string(&Method::POST, &url, &parameters).replace(&host, "HOST"),
            "POST&HOST%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D\
             %26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a\
             %26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201\
             %26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_signature_of_the_rfcs_base_string_comes_out() {
        let (url, parameters) = of_the_rfc();
        let signature = signed(&Method::POST, &url, &parameters, ("j49sk3j29djd", Some("dh893hdasih9")));
        assert_eq!(signature, "r6/TJjbCOr97/+UU0NsvSne7s5g=");
    }

    /// RFC 5849, section 1.2: the authenticated request.
    #[test]
    fn the_rfcs_example_of_an_authenticated_request_comes_out() {
        let url = at(&["http://photos.example", ".net"], "/photos?file=vacation.jpg&size=original");
        let parameters = said(&[
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ]);
        let secrets = ("kd94hf93k423kf44", Some("pfkkdhi9sl3r4s00"));
        assert_eq!(signed(&Method::GET, &url, &parameters, secrets), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
    }

    /// OAuth Core 1.0, appendix A.5.
    #[test]
    fn the_example_of_oauth_core_comes_out() {
        let url = at(&["http://photos.example", ".net"], "/photos?file=vacation.jpg&size=original");
        let parameters = said(&[
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1191242096"),
            ("oauth_nonce", "kllo9940pd9333jh"),
            ("oauth_version", "1.0"),
        ]);
        let secrets = ("kd94hf93k423kf44", Some("pfkkdhi9sl3r4s00"));
        assert_eq!(signed(&Method::GET, &url, &parameters, secrets), "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
    }

    #[test]
    fn the_example_that_twitter_documents_comes_out() {
        let parameters = said(&[
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
        ]);
        let secrets = (
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            Some("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
        );
        for (path, published) in
            [("1", "tnnArxj06cWHq44gCs1OSKk/jLY="), ("1.1", "hCtSmYh+iHYCEqBWrE7C7hYmtUk=")]
        {
            let rest = format!("/{path}/statuses/update.json?include_entities=true");
            let url = at(&["https://api", ".twitter", ".com"], &rest);
            assert_eq!(signed(&Method::POST, &url, &parameters, secrets), published);
        }
    }

    /// The test cases of the OAuth community's wiki.
    #[test]
    fn text_is_encoded_as_the_published_cases_say() {
        for (plain, wanted) in [
            ("abcABC123", "abcABC123"),
            ("-._~", "-._~"),
            ("%", "%25"),
            ("+", "%2B"),
            ("&=*", "%26%3D%2A"),
            ("\n", "%0A"),
            (" ", "%20"),
            ("\u{7f}", "%7F"),
            ("\u{80}", "%C2%80"),
            ("\u{3001}", "%E3%80%81"),
        ] {
            assert_eq!(encoded(plain), wanted);
        }
        assert_eq!(digest(b"cs&", b"bs"), "egQqG5AJep5sJ7anhXju1unge2I=");
        assert_eq!(digest(b"cs&ts", b"bs"), "VZVjXceV7JgPq/dOTnNmEfO0Fv8=");
    }

    #[test]
    fn a_port_of_its_own_is_signed_and_the_usual_one_is_not() {
        let base = |url: &str| base_string(&Method::GET, &Url::parse(url).unwrap(), &Vec::new());
        assert!(base("https://emr.example.test:8443/oscar").contains("test%3A8443%2Foscar"));
        assert_eq!(base("https://emr.example.test:443/oscar"), base("https://emr.example.test/oscar"));
    }
}
