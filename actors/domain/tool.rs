//! The tools a voice agent may call.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    GetClinicInfo,
    SearchPatientByPhone,
    SearchPatient,
    GetPatient,
    GetProviders,
    FindEarliestAppointment,
    CheckAppointments,
    CreateAppointment,
    UpdateAppointment,
    CancelAppointment,
    TransferCall,
    LogCallMetadata,
    AddToWaitlist,
    RegisterNewPatient,
}

impl Tool {
    pub const ALL: [Self; 14] = [
        Self::GetClinicInfo,
        Self::SearchPatientByPhone,
        Self::SearchPatient,
        Self::GetPatient,
        Self::GetProviders,
        Self::FindEarliestAppointment,
        Self::CheckAppointments,
        Self::CreateAppointment,
        Self::UpdateAppointment,
        Self::CancelAppointment,
        Self::TransferCall,
        Self::LogCallMetadata,
        Self::AddToWaitlist,
        Self::RegisterNewPatient,
    ];

    /// The function name, as the voice platform's tool definitions have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetClinicInfo => "get_clinic_info",
            Self::SearchPatientByPhone => "search_patient_by_phone",
            Self::SearchPatient => "search_patient",
            Self::GetPatient => "get_patient",
            Self::GetProviders => "get_providers",
            Self::FindEarliestAppointment => "find_earliest_appointment",
            Self::CheckAppointments => "check_appointments",
            Self::CreateAppointment => "create_appointment",
            Self::UpdateAppointment => "update_appointment",
            Self::CancelAppointment => "cancel_appointment",
            Self::TransferCall => "transfer_call",
            Self::LogCallMetadata => "log_call_metadata",
            Self::AddToWaitlist => "add_to_waitlist",
            Self::RegisterNewPatient => "register_new_patient",
        }
    }

    /// Accepts the function name and the URL slug alike.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| {
            tool.name().len() == name.len()
                && tool
                    .name()
                    .bytes()
                    .zip(name.bytes())
                    .all(|(ours, theirs)| ours == theirs || ours == b'_' && theirs == b'-')
        })
    }

    /// Whether it changes the EMR: such a call is claimed before it is handled (law B-6).
    pub const fn changes_the_emr(self) -> bool {
        matches!(
            self,
            Self::CreateAppointment
                | Self::UpdateAppointment
                | Self::CancelAppointment
                | Self::RegisterNewPatient
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_answers_to_its_name_and_its_slug() {
        for tool in Tool::ALL {
            assert_eq!(Tool::named(tool.name()), Some(tool));
            assert_eq!(Tool::named(&tool.name().replace('_', "-")), Some(tool));
        }
        assert_eq!(Tool::named("get-Clinic-info"), None);
        assert_eq!(Tool::named("get clinic info"), None);
        assert_eq!(Tool::named(""), None);
    }
}
