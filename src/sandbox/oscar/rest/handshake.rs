//! The three steps in which a provider lets a client act for them.

use super::operation::Call;
use super::refusal::Refusal;
use super::registry::Grant;
use super::signature::Said;
use crate::sandbox::oscar::exchange::Page;

const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html;charset=utf-8";

pub(super) fn initiate(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let said = Said::read(&call.request.authorization).ok_or(Refusal::BadStep)?;
    let signed = call.request.signed(call.world);
    let registry = &mut call.world.rest;
    let client = registry.stepping(&said, &signed, "", call.now).ok_or(Refusal::Unauthorised)?;
    let callback = said.get("oauth_callback");
    if callback.is_empty() || !callback.starts_with(&client.uri) {
        return Err(Refusal::BadStep);
    }
    let Grant { token, secret } = registry.begin(&client, callback, call.now);
    let text = format!("oauth_token={token}&oauth_token_secret={secret}&oauth_callback_confirmed=true");
    Ok(Page { status: 200, kind: FORM, text, ..Page::default() })
}

/// Shows the page on which somebody logs in and approves, and takes what they put in.
pub(super) fn authorize(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let token = call.field("oauth_token").unwrap_or_default();
    let [login, password, decision] =
        ["username", "password", "oauthDecision"].map(|name| call.field(name).unwrap_or_default());
    let today = call.world.jvm.wall(call.now).date();
    let world = &mut *call.world;
    if call.request.method == "GET" {
        let waiting = world.rest.pending(&token, call.now).is_some_and(|request| request.approved.is_none());
        return if waiting { Ok(approval_page(&token)) } else { Err(Refusal::BadStep) };
    }
    let user = world.logins.by_name(&login, &password, today);
    let provider_no = user.map_err(|_| Refusal::Unauthorised)?.provider_no.clone();
    let verifier = world.rest.fresh().secret;
    let request = world.rest.pending(&token, call.now).ok_or(Refusal::BadStep)?;
    let mut location = format!(
        "{}{}oauth_token={token}",
        request.callback,
        if request.callback.contains('?') { '&' } else { '?' }
    );
    if decision == "allow" {
        location.push_str("&oauth_verifier=");
        location.push_str(&verifier);
        request.approved = Some((provider_no, verifier));
    }
    Ok(Page { status: 303, kind: HTML, location: Some(location), ..Page::default() })
}

fn approval_page(token: &str) -> Page {
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><title>OSCAR: third party access</title></head><body>\
         <h1>Allow access to the clinic's records?</h1><form method=\"post\">\
         <input type=\"hidden\" name=\"oauth_token\" value=\"{token}\">\
         <label>User <input name=\"username\"></label><label>Password <input name=\"password\" type=\"password\">\
         </label><button name=\"oauthDecision\" value=\"allow\">Allow</button>\
         <button name=\"oauthDecision\" value=\"deny\">Deny</button></form></body></html>"
    );
    Page { status: 200, kind: HTML, text, ..Page::default() }
}

pub(super) fn token(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let said = Said::read(&call.request.authorization).ok_or(Refusal::BadStep)?;
    let signed = call.request.signed(call.world);
    let registry = &mut call.world.rest;
    let name = said.get("oauth_token");
    let request = registry.pending(name, call.now).ok_or(Refusal::BadStep)?;
    let (secret, consumer, approved) =
        (request.secret.clone(), request.consumer.clone(), request.approved.clone());
    let client = registry.stepping(&said, &signed, &secret, call.now).ok_or(Refusal::Unauthorised)?;
    let provider_no = approved
        .filter(|(_, verifier)| client.key == consumer && verifier == said.get("oauth_verifier"))
        .map(|(provider_no, _)| provider_no)
        .ok_or(Refusal::BadStep)?;
    registry.finish(name);
    let granted = registry.grant(&client.key, &provider_no, call.now);
    let Grant { token, secret } = granted.ok_or(Refusal::Unauthorised)?;
    let text = format!("oauth_token={token}&oauth_token_secret={secret}");
    Ok(Page { status: 200, kind: FORM, text, ..Page::default() })
}
