// Draws the OpenAPI document named by data-openapi. The page itself carries the headings and the
// introduction, so Swagger UI's own information block is left out; nothing is sent to a validator.
(() => {
  const place = document.getElementById("api-docs");
  const withoutInformation = () => ({ wrapComponents: { InfoContainer: () => () => null } });
  window.SwaggerUIBundle({
    url: place.dataset.openapi,
    domNode: place,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
    plugins: [withoutInformation],
  });
})();
