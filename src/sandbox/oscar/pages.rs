//! The HTML that comes instead of an answer: from Tomcat, and from a web firewall in front of it.

pub(super) const NOT_FOUND: &str = "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 – Not Found</title></head>\
    <body><h1>HTTP Status 404 – Not Found</h1><hr class=\"line\" /><h3>Apache Tomcat</h3></body></html>";

pub(super) const SERVER_ERROR: &str = "<!doctype html><html lang=\"en\"><head><title>HTTP Status 500 – Internal Server Error</title></head>\
    <body><h1>HTTP Status 500 – Internal Server Error</h1><p><b>Type</b> Exception Report</p>\
    <p><b>Message</b> Servlet.service() for servlet [CXFServlet] threw exception</p>\
    <pre>java.lang.OutOfMemoryError: Java heap space</pre><hr class=\"line\" /><h3>Apache Tomcat</h3></body></html>";

pub(super) const BLOCKED: &str = "<!DOCTYPE html><html lang=\"en-US\"><head><title>Attention Required!</title></head>\
    <body><h1>Sorry, you have been blocked</h1><p>This website is using a security service to protect itself \
    from online attacks. The action you just performed triggered the security solution.</p></body></html>";
