// A box that is ticked filters at once; without this the form's button does.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.dataset.submits === "change" && event.target.type !== "search") {
    form.requestSubmit();
  }
});
