// Swagger UI's settings. Whoever is signed in to the console is signed in here: requests say that they are from our own
// page, as the console's do. A token that is given under "Authorize" counts before the cookie.
window.onload = () => {
  window.ui = SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: "/openapi.json",
    deepLinking: true,
    layout: "StandaloneLayout",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    // No foreign host is asked for an opinion of the document.
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (new URL(request.url, location.href).origin === location.origin) request.headers["X-Keyreeve-Console"] = "1";
      return request;
    },
  });
};
