//! Compression both ways. OSCAR compresses every reply, however short, for whoever offers it.

use std::cell::RefCell;
use std::io::{self, Read};

use axum::http::{HeaderMap, header};
use flate2::read::GzDecoder;
use flate2::{Compress, CompressError, Compression, Crc, FlushCompress, Status};

/// Magic number, deflate, no flags, no time, fastest, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

pub(super) fn offered(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| {
        let (coding, weight) = offer.split_once(';').unwrap_or((offer, ""));
        coding.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0")
    })
}

pub(super) fn used(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

thread_local! {
    /// Making a compressor costs many times what it then takes to compress one reply.
    static DEFLATER: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

pub(super) fn compress(plain: &[u8]) -> Result<Vec<u8>, CompressError> {
    let mut packed = Vec::with_capacity(plain.len() / 2 + 64);
    packed.extend_from_slice(&HEADER);
    DEFLATER.with_borrow_mut(|deflater| {
        deflater.reset();
        loop {
            let done = usize::try_from(deflater.total_in()).unwrap_or(plain.len());
            let rest = plain.get(done..).unwrap_or_default();
            if deflater.compress_vec(rest, &mut packed, FlushCompress::Finish)? == Status::StreamEnd {
                return Ok(());
            }
            packed.reserve(1024);
        }
    })?;
    let mut check = Crc::new();
    check.update(plain);
    packed.extend(check.sum().to_le_bytes());
    packed.extend(check.amount().to_le_bytes());
    Ok(packed)
}

/// Unpacks at most `limit` bytes; more is an error, so that a small bomb cannot fill the memory.
pub(super) fn expand(packed: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut plain)?;
    if plain.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_refused() {
        let packed = compress(&vec![0; 100_000]).unwrap();
        assert!(packed.len() < 1000);
        assert_eq!(expand(&packed, 100_000).unwrap().len(), 100_000);
        assert!(expand(&packed, 99_999).is_err());
    }

    #[test]
    fn only_an_offer_of_gzip_counts() {
        for (offer, accepted) in
            [("gzip", true), ("deflate, GZIP;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, offer.parse().unwrap());
            assert_eq!(offered(&headers), accepted, "{offer}");
        }
    }
}
