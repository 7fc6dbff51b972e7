//! Every line there is. They are data: a situation without a line in one of the languages does not compile; a test checks
//! that both lines of a situation use the same values.

use super::Language;

macro_rules! situations {
    ($($(#[$doc:meta])* $name:ident $success:literal $code:literal { $en:literal $zh:literal })+) => {
        /// What a tool call came to. Each has a stable code for machines and a line for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Situation { $($(#[$doc])* $name),+ }

        impl Situation {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Whether the tool did what it was asked.
            pub const fn success(self) -> bool {
                match self { $(Self::$name => $success),+ }
            }

            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            pub const fn line(self, language: Language) -> &'static str {
                match language {
                    Language::En => match self { $(Self::$name => $en),+ },
                    Language::Zh => match self { $(Self::$name => $zh),+ },
                }
            }
        }
    };
}

situations! {
    ClinicOpen true "OK" {
        "{clinic} is open now."
        "{clinic}现在正在营业。" }
    ClinicClosed true "OK" {
        "{clinic} is closed right now."
        "{clinic}现在已经下班。" }
    ProvidersListed true "OK" {
        "You can book with {providers}."
        "您可以预约{providers}。" }
    NoProviders true "OK" {
        "I can't book with anyone by phone right now. Please call {phone}."
        "目前无法通过电话预约任何医生,请致电{phone}。" }

    /// A chart is known by the caller's number; nothing is said about it.
    VerificationNeeded true "VERIFICATION_NEEDED" {
        "To confirm who I'm speaking with, may I have your date of birth?"
        "为了确认您的身份,请告诉我您的出生日期。" }
    NumberUnknown true "PATIENT_NOT_FOUND" {
        "May I have your first and last name and your date of birth?"
        "请告诉我您的姓名和出生日期。" }
    NumberWithheld true "NO_CALLER_NUMBER" {
        "I can't see your phone number. May I have your first and last name and your date of birth?"
        "我看不到您的来电号码,请告诉我您的姓名和出生日期。" }
    PatientVerified true "VERIFIED" {
        "Thank you, {first_name}. I have your file."
        "谢谢您,{first_name},我找到了您的档案。" }
    PatientNotFound true "PATIENT_NOT_FOUND" {
        "I couldn't find a file with those details. Could you spell your last name and repeat your date of birth?"
        "没有找到符合的档案,请再说一遍您的姓名拼写和出生日期。" }
    PatientAmbiguous true "PATIENT_AMBIGUOUS" {
        "Those details fit more than one file. May I have your full first and last name as well?"
        "有不止一份档案符合,请告诉我您的完整姓名。" }
    VerificationLocked false "VERIFICATION_LOCKED" {
        "I'm not able to confirm your identity on this call. Please call the clinic at {phone}."
        "这次通话无法确认您的身份,请致电诊所{phone}。" }
    NotVerified false "NOT_VERIFIED" {
        "Before that, I need to confirm who I'm speaking with. May I have your name and date of birth?"
        "在此之前需要确认您的身份,请告诉我您的姓名和出生日期。" }
    WhichPatient false "WHICH_PATIENT" {
        "Which patient is this for?"
        "请问这是为哪一位病人办理?" }

    SlotFound true "SLOT_FOUND" {
        "The earliest is {when} with {provider}. Does that work for you?"
        "最早的时间是{when},{provider}。您看可以吗?" }
    /// Kept for this patient, who was texted about it.
    OfferOpen true "SLOT_FOUND" {
        "The time we texted you about, {when} with {provider}, is still yours until {until}. Shall I book it?"
        "我们之前通知您的时间,{when},{provider},为您保留至{until}。要我为您预约吗?" }
    /// The provider's hours are those they usually work; the EMR does not tell.
    SlotAssumed true "SLOT_FOUND" {
        "Going by the usual hours, {when} with {provider} should be free. Does that work for you?"
        "按平时的出诊时间,{when},{provider}应该有空。您看可以吗?" }
    /// No way into the EMR tells when providers work, and the clinic has not said it either.
    ScheduleHidden false "SCHEDULE_HIDDEN" {
        "I can't see the doctors' working hours from here, so I can't look for times. The clinic can, at {phone}."
        "我这里看不到医生的出诊时间,无法查找空位。请致电诊所{phone}。" }
    NoAvailability true "NO_AVAILABILITY" {
        "I don't see any openings in that time. Would another day or provider work?"
        "这段时间没有空位,换一天或换一位医生可以吗?" }
    ProviderUnknown false "PROVIDER_UNKNOWN" {
        "I can't book with that provider by phone. Would someone else be all right?"
        "无法通过电话预约这位医生,换一位可以吗?" }
    VisitTypeUnknown false "VALIDATION_ERROR" {
        "What kind of visit do you need?"
        "请问您需要哪一种就诊?" }
    AppointmentsListed true "OK" {
        "Your next appointment is {when} with {provider}."
        "您的下一个预约是{when},{provider}。" }
    NoAppointments true "OK" {
        "I don't see any upcoming appointments for you."
        "没有找到您即将到来的预约。" }

    /// Read back from the EMR and in agreement (law B-3).
    Booked true "BOOKED" {
        "You're booked for {when} with {provider}."
        "已为您预约{when},{provider}。" }
    BookedAndTexted true "BOOKED" {
        "You're booked for {when} with {provider}. We'll text you a confirmation."
        "已为您预约{when},{provider}。我们会发短信确认。" }
    Moved true "MOVED" {
        "Your appointment is now {when} with {provider}. The old one is cancelled."
        "您的预约已改为{when},{provider}。原来的预约已取消。" }
    MovedAndTexted true "MOVED" {
        "Your appointment is now {when} with {provider}. The old one is cancelled. We'll text you a confirmation."
        "您的预约已改为{when},{provider}。原来的预约已取消。我们会发短信确认。" }
    /// Law B-4: the patient holds both.
    MovedOldRemains true "MOVED_OLD_REMAINS" {
        "Your new appointment is {when} with {provider}. I couldn't cancel the old one yet; the clinic will look after it."
        "您的新预约是{when},{provider}。原来的预约还没能取消,诊所会处理。" }
    Cancelled true "CANCELLED" {
        "Your appointment on {when} is cancelled."
        "您{when}的预约已取消。" }
    CancelledAndTexted true "CANCELLED" {
        "Your appointment on {when} is cancelled. We'll text you a confirmation."
        "您{when}的预约已取消。我们会发短信确认。" }

    SlotTaken false "SLOT_TAKEN" {
        "That time is no longer free. Shall I look for another?"
        "这个时间已经没有了,要我找别的时间吗?" }
    /// The provider's daily limit of bookings by telephone.
    DayFull false "DAILY_LIMIT" {
        "I can't book any more visits with that provider for that day. Would another day work?"
        "这位医生当天的电话预约已满,换一天可以吗?" }
    OutsideBookingWindow false "OUTSIDE_BOOKING_WINDOW" {
        "I can't book that far ahead or that soon. Would another day work?"
        "这个日期不在可预约的范围内,换一天可以吗?" }
    NotBookable false "CLINIC_CLOSED" {
        "The clinic doesn't see patients then. Would another day work?"
        "诊所那天不看诊,换一天可以吗?" }
    PatientBusy false "PATIENT_BUSY" {
        "Another request for this patient is still being settled. Please try again in a moment."
        "这位病人的另一个请求还在处理中,请稍后再试。" }
    AppointmentNotFound false "APPOINTMENT_NOT_FOUND" {
        "I can't find that appointment. Shall I check what you have?"
        "没有找到这个预约,要我查一下您的预约吗?" }
    /// Law B-7: staff changed it since the caller heard of it.
    AppointmentChanged false "APPOINTMENT_CHANGED" {
        "The clinic has just changed that appointment. Let me check it again first."
        "诊所刚刚更改了这个预约,我先重新查一下。" }
    AppointmentToBeReadAgain false "APPOINTMENT_CHANGED" {
        "Let me look that appointment up once more first."
        "我先重新查一下这个预约。" }
    /// Not known yet, and not to be tried again.
    Pending false "PENDING" {
        "I've sent that to the clinic but it isn't confirmed yet. Please don't book again; the clinic will make sure."
        "请求已发给诊所,但还没有确认。请不要重复预约,诊所会跟进。" }
    HandedToStaff false "HANDED_TO_STAFF" {
        "I couldn't confirm that. The clinic's staff will check and call you."
        "我没能确认这件事,诊所工作人员会核实并给您回电。" }

    ValidationError false "VALIDATION_ERROR" {
        "I didn't get all of that. Could you say it once more?"
        "我没有听清楚,请再说一遍。" }
    EmrUnavailable false "EMR_UNAVAILABLE" {
        "Our booking system isn't answering right now. Please call the clinic at {phone}."
        "预约系统暂时无法使用,请致电诊所{phone}。" }
    /// No way into the EMR that stands open can do it.
    NotFromHere false "NOT_POSSIBLE_HERE" {
        "I can't do that from here. The clinic can, at {phone}."
        "我这里无法办理这件事。请致电诊所{phone}。" }
    /// It cannot be reached, and nothing was done.
    EmrAway false "EMR_UNAVAILABLE" {
        "Our booking system isn't answering right now. Please call the clinic at {phone}."
        "预约系统暂时无法使用,请致电诊所{phone}。" }
    /// Kept until the EMR is back; not done.
    Held true "HELD" {
        "Our booking system isn't answering, so this isn't done yet. I've kept your request; the reference is {reference}. The clinic will tell you what came of it."
        "预约系统暂时无法使用,这件事还没有办理。您的请求已经记下,编号是{reference}。诊所会通知您结果。" }
    HeldListed true "HELD" {
        "I can't see the appointment book right now. Your request {reference} is kept and isn't done yet."
        "我现在看不到预约表。您的请求{reference}已经记下,还没有办理。" }
    /// The EMR came back after the time a held request was good for.
    HeldTooLong false "HELD_TOO_LONG" {
        "I couldn't do what you asked for in time. The clinic will call you."
        "您的请求没能及时办理,诊所会给您打电话。" }
    EmrTimeout false "EMR_TIMEOUT" {
        "Our booking system is slow right now. Please try again in a moment, or call {phone}."
        "预约系统现在很慢,请稍后再试,或致电{phone}。" }
    Busy false "BUSY" {
        "We're very busy at the moment. Please give me a moment and ask again."
        "现在非常繁忙,请稍等再试。" }
    RateLimited false "RATE_LIMITED" {
        "We're very busy at the moment. Please give me a moment and ask again."
        "现在非常繁忙,请稍等再试。" }
    ClinicUnknown false "CLINIC_UNKNOWN" {
        "I'm sorry, I can't help with this line right now."
        "很抱歉,目前无法为这条线路提供服务。" }
    ToolUnknown false "TOOL_UNKNOWN" {
        "I'm sorry, I can't do that."
        "很抱歉,我无法办理这件事。" }
    InternalError false "INTERNAL_ERROR" {
        "Something went wrong on our side. Please call the clinic at {phone}."
        "我们的系统出了问题,请致电诊所{phone}。" }

    Transferring true "TRANSFER" {
        "I'm putting you through to the clinic now. One moment, please."
        "现在为您转接诊所,请稍等。" }
    TransferClosed false "TRANSFER_CLOSED" {
        "Nobody is there to pick up right now. The clinic's number is {phone}."
        "现在没有人接听,诊所的电话是{phone}。" }
    TransferUnavailable false "TRANSFER_UNAVAILABLE" {
        "I can't put you through from here. Please call the clinic at {phone}."
        "我无法为您转接,请致电诊所{phone}。" }
    Noted true "OK" {
        "All right."
        "好的。" }
    /// Entered now or before.
    Waitlisted true "WAITLISTED" {
        "You're on the clinic's waiting list. Somebody will call you when there is a place."
        "已将您列入诊所的候补名单,有空位时诊所会给您打电话。" }
    /// They agreed to be texted, and texts reach patients.
    WaitsForTime true "WAITLISTED" {
        "You're on the waiting list. When such a time comes free and it's your turn, we'll text you and keep it for you for a while."
        "已将您列入候补名单。有这样的时间空出来并轮到您时,我们会发短信给您,并为您保留一段时间。" }
    NoWaitlist false "WAITLIST_CLOSED" {
        "The clinic isn't keeping a waiting list right now. Please call {phone}."
        "诊所目前没有候补名单,请致电{phone}。" }

    /// Read back from the EMR and in agreement (law B-3).
    Registered true "REGISTERED" {
        "You're registered now, {first_name}. Shall I look for an appointment?"
        "{first_name},您已登记为诊所的病人。要我为您找一个预约时间吗?" }
    /// Nothing is said about whom it would duplicate (law I-3).
    DuplicatePatient false "DUPLICATE_PATIENT" {
        "I can't make a new file with those details. Let me look you up instead: what are your full name and date of birth? Or I can put you through to the clinic."
        "无法用这些资料建立新档案。我先为您查找:请告诉我您的全名和出生日期。我也可以为您转接诊所。" }
    NotAccepting false "NOT_ACCEPTING" {
        "The clinic isn't taking new patients right now. I can put you through to the clinic, or you can call {phone}."
        "诊所目前不接收新病人。我可以为您转接诊所,您也可以致电{phone}。" }
    NotAcceptingButWaiting false "NOT_ACCEPTING" {
        "The clinic isn't taking new patients right now. Shall I put you on the waiting list?"
        "诊所目前不接收新病人。要我把您列入候补名单吗?" }
    /// This clinic's EMR has no way in that makes charts.
    CannotRegister false "REGISTRATION_UNAVAILABLE" {
        "I can't register new patients by phone. I can put you through to the clinic, or you can call {phone}."
        "无法通过电话登记新病人。我可以为您转接诊所,您也可以致电{phone}。" }
    CannotRegisterButWaiting false "REGISTRATION_UNAVAILABLE" {
        "I can't register new patients by phone. Shall I put you on the clinic's waiting list, or put you through?"
        "无法通过电话登记新病人。要我把您列入候补名单,还是为您转接诊所?" }
    HealthNumberWrong false "VALIDATION_ERROR" {
        "Could you read me your health card number once more, digit by digit? If you don't have one, just say so."
        "请再逐位读一遍您的医疗卡号码。如果没有,请告诉我。" }
    /// Not known yet, and not to be tried again.
    RegistrationPending false "PENDING" {
        "I've sent your registration to the clinic but it isn't confirmed yet. Please don't register again; the clinic will make sure."
        "您的登记已发给诊所,但还没有确认。请不要重复登记,诊所会跟进。" }
    NumberNeeded false "VALIDATION_ERROR" {
        "What number can the clinic call you at?"
        "请问诊所可以拨打哪个号码联系您?" }
    /// Nothing else was done.
    Emergency false "EMERGENCY" {
        "This may be an emergency. Please hang up and call 9-1-1 now, or go to the nearest emergency department."
        "这可能是紧急情况。请马上挂断并拨打9-1-1,或前往最近的急诊室。" }
    Crisis false "CRISIS" {
        "I'm very sorry you're feeling this way. Please call or text 9-8-8 now; somebody is there day and night. If you are in danger, call 9-1-1."
        "听到您这样说我很难过。请马上拨打9-8-8,那里日夜有人接听。如果有危险,请拨打9-1-1。" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn values(line: &str) -> BTreeSet<&str> {
        line.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
    }

    #[test]
    fn every_line_exists_in_both_languages_with_the_same_values() {
        for situation in Situation::ALL {
            let (en, zh) = (situation.line(Language::En), situation.line(Language::Zh));
            assert!(!en.is_empty() && en.is_ascii(), "{situation:?}");
            assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{situation:?}");
            assert_eq!(values(en), values(zh), "{situation:?}");
            assert!(!en.contains('\n') && !zh.contains('\n'));
        }
    }

    #[test]
    fn only_what_a_text_was_queued_for_promises_one() {
        for situation in Situation::ALL {
            let promises = situation.line(Language::En).contains("text you");
            // Whoever waits is promised one for later, where they agreed to it and it would reach them.
            let may =
                *situation == Situation::WaitsForTime || format!("{situation:?}").ends_with("AndTexted");
            assert_eq!(promises, may, "{situation:?}");
            assert_eq!(promises, situation.line(Language::Zh).contains("短信"), "{situation:?}");
        }
    }
}
