//! Web service accounts and their tokens.

use jiff::Timestamp;
use jiff::civil::Date;

/// One row of table `security`.
#[derive(Clone, Debug)]
pub struct User {
    pub security_id: i32,
    pub login: String,
    pub password: String,
    pub provider_no: String,
    /// The last day the account works.
    pub expires: Option<Date>,
}

#[derive(Debug, Default)]
pub struct Logins {
    pub users: Vec<User>,
    started: Timestamp,
    restarts: u32,
}

/// Why a name and secret were not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    NoSuchUser,
    WrongSecret,
}

impl Logins {
    /// A token is the start time of the Java process plus a number made from the stored password: the
    /// same at every login, another after a restart.
    pub(crate) fn token(&self, user: &User) -> String {
        let mixed = user.password.bytes().fold(17_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 1_000_003);
        (self.started.as_millisecond() + mixed).to_string()
    }

    pub(crate) fn restarts(&self) -> u32 {
        self.restarts
    }

    pub(crate) fn start(&mut self, now: Timestamp) {
        self.started = now;
    }

    /// Two restarts never share a millisecond, however fast the clock of a test stands still.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        self.restarts += 1;
        let later = self.started.as_millisecond() + 1;
        self.started = now.max(Timestamp::from_millisecond(later).unwrap_or(now));
    }

    pub(crate) fn by_name(&self, login: &str, password: &str, today: Date) -> Result<&User, Denial> {
        let user = self.users.iter().find(|user| user.login == login);
        let user = user.filter(|user| lasts(user, today)).ok_or(Denial::NoSuchUser)?;
        if user.password == password { Ok(user) } else { Err(Denial::WrongSecret) }
    }

    /// What the security header is checked with: the token or the password will do.
    pub(crate) fn by_id(&self, security_id: i32, secret: &str, today: Date) -> Result<&User, Denial> {
        let user = self.get(security_id).filter(|user| lasts(user, today)).ok_or(Denial::NoSuchUser)?;
        if self.token(user) == secret || user.password == secret {
            Ok(user)
        } else {
            Err(Denial::WrongSecret)
        }
    }

    pub(crate) fn get(&self, security_id: i32) -> Option<&User> {
        self.users.iter().find(|user| user.security_id == security_id)
    }
}

fn lasts(user: &User, today: Date) -> bool {
    user.expires.is_none_or(|last| today <= last)
}
