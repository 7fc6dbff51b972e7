//! Charts and the two searches.

use vitarad::sandbox::oscar::demo;

use crate::house::House;

async fn by_name(house: &House, term: &str, start: i32, items: i32) -> Vec<String> {
    let operation = format!(
        "<ws:searchDemographicByName><arg0>{term}</arg0><arg1>{start}</arg1><arg2>{items}</arg2></ws:searchDemographicByName>"
    );
    numbers(house, &operation).await
}

async fn by(house: &House, filters: &str) -> Vec<String> {
    let operation = format!(
        "<ws:searchDemographicsByAttributes>{filters}<arg10>0</arg10><arg11>100</arg11></ws:searchDemographicsByAttributes>"
    );
    numbers(house, &operation).await
}

async fn numbers(house: &House, operation: &str) -> Vec<String> {
    let found = house.ask("DemographicService", operation).await;
    found.all("demographicNo").iter().map(|number| (*number).to_owned()).collect()
}

#[tokio::test]
async fn a_name_is_a_prefix_without_case_and_a_comma_starts_the_given_name() {
    let house = House::seeded().await;
    for term in ["TREMB,MAR", "tremblay", "Tremblay, m", "tremb,"] {
        assert_eq!(by_name(&house, term, 0, 20).await, ["4711"], "{term}");
    }
    assert_eq!(by_name(&house, ",Jasl", 0, 20).await, ["4722"]);
    assert!(by_name(&house, "remblay", 0, 20).await.is_empty());
    assert!(by_name(&house, "Tremblay,Zoé", 0, 20).await.is_empty());
    assert_eq!(by_name(&house, "CÔTÉ-B", 0, 20).await, ["4727"]);
}

#[tokio::test]
async fn an_empty_name_is_everybody_and_limits_are_honoured() {
    let house = House::seeded().await;
    let all = by_name(&house, "", 0, 5000).await;
    assert_eq!(all.len(), 60);
    assert_eq!(by_name(&house, "", 3, 2).await, all[3..5]);
    assert!(by_name(&house, "", 0, 0).await.is_empty());
    let none = "<ws:searchDemographicByName><arg1>0</arg1><arg2>5</arg2></ws:searchDemographicByName>";
    assert_eq!(house.call("DemographicService", none).await.fault().1, "Fault occurred while processing.");
}

#[tokio::test]
async fn a_telephone_number_is_found_at_home_or_at_work_however_it_was_typed() {
    let house = House::seeded().await;
    for person in [demo::MARIE, demo::WEI, demo::OMAR, demo::ZOE] {
        let digits: String = person.phone.chars().filter(char::is_ascii_digit).collect();
        let pattern = format!("<arg7>{}%{}%{}</arg7>", &digits[..3], &digits[3..6], &digits[6..]);
        assert_eq!(by(&house, &pattern).await, [person.demographic_no.to_string()]);
    }
    assert!(by(&house, "<arg7>6045550142</arg7>").await.is_empty(), "typed with dashes");
}

#[tokio::test]
async fn one_number_may_belong_to_several_people_and_birth_dates_need_not_tell_them_apart() {
    let house = House::seeded().await;
    assert_eq!(by(&house, "<arg7>604%555%0120</arg7>").await, ["4721", "4722"]);
    assert_eq!(by(&house, "<arg4>2015-05-30</arg4><arg7>604%555%0120</arg7>").await, ["4722"]);
    assert_eq!(
        by(&house, "<arg4>2012-01-19T00:00:00</arg4><arg7>604%555%0121</arg7>").await,
        ["4723", "4724"]
    );
    // An instant at midnight in UTC is another birthday.
    assert!(by(&house, "<arg4>2015-05-30T00:00:00Z</arg4><arg7>604%555%0120</arg7>").await.is_empty());
}

#[tokio::test]
async fn filters_are_added_up() {
    let house = House::seeded().await;
    assert_eq!(
        by(&house, "<arg0>99990047</arg0><arg1>mar</arg1><arg2>blay</arg2><arg3>F</arg3>").await,
        ["4711"]
    );
    assert!(by(&house, "<arg0>99990047</arg0><arg1>mar</arg1><arg3>M</arg3>").await.is_empty());
    assert_eq!(by(&house, "<arg5>vancouver</arg5><arg6>bc</arg6><arg8></arg8><arg9></arg9>").await.len(), 60);
    assert!(by(&house, "<arg5>toronto</arg5>").await.is_empty());
}

#[tokio::test]
async fn a_search_without_any_filter_is_a_server_fault() {
    let house = House::seeded().await;
    let operation =
        "<ws:searchDemographicsByAttributes><arg11>20</arg11></ws:searchDemographicsByAttributes>";
    let (code, text) = house.call("DemographicService", operation).await.fault();
    assert_eq!((code.as_str(), text.as_str()), ("Server", "at least one parameter must be present"));
    let wrong = "<ws:searchDemographicsByAttributes><arg3>X</arg3><arg11>1</arg11></ws:searchDemographicsByAttributes>";
    assert_eq!(house.call("DemographicService", wrong).await.fault().0, "Client");
}

#[tokio::test]
async fn merged_and_deceased_charts_are_found_like_any_other() {
    let house = House::seeded().await;
    let chart = async |number: i32| {
        let operation = format!("<ws:getDemographic><arg0>{number}</arg0></ws:getDemographic>");
        house.ask("DemographicService", &operation).await
    };
    assert_eq!(chart(demo::MERGED.demographic_no).await.text("headRecord"), "4732");
    assert_eq!(chart(demo::DECEASED.demographic_no).await.text("patientStatus"), "DE");
    let marie = chart(4711).await;
    let birth = ["yearOfBirth", "monthOfBirth", "dateOfBirth"].map(|part| marie.text(part));
    assert_eq!(birth, ["1979", "04", "07"]);
    assert_eq!(marie.text("displayName"), "Tremblay, Marie");
    assert_eq!(chart(1).await.get("return"), None);
    assert_eq!(by_name(&house, "Petrova", 0, 5).await.len(), 2);
    assert_eq!(by_name(&house, "Braun", 0, 5).await.len(), 1);
}
