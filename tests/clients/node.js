// @azure/arm-machinelearning, which speaks 2022-10-01, and @azure/storage-blob.
const { AzureMachineLearningWorkspaces } = require("@azure/arm-machinelearning");
const { DefaultAzureCredential } = require("@azure/identity");
const { BlobServiceClient } = require("@azure/storage-blob");

const env = process.env;
const place = [env.AZURE_RESOURCE_GROUP, env.AZML_WORKSPACE];
const credential = new DefaultAzureCredential();
const client = new AzureMachineLearningWorkspaces(credential, env.AZURE_SUBSCRIPTION_ID);
const soon = { updateIntervalInMs: 50 };

async function step(name, act, check = Boolean) {
  let wrong = "";
  let result;
  try {
    result = await act();
    if (!check(result)) wrong = `unexpected: ${JSON.stringify(result)}`;
  } catch (error) {
    wrong = `${error.name}: ${error.message}`;
  }
  console.log(JSON.stringify({ step: name, wrong: wrong.slice(0, 1000) }));
  return result;
}

async function names(items) {
  const found = [];
  for await (const item of items) found.push(item.name);
  return found;
}

async function story() {
  await step("workspace", () => client.workspaces.get(...place));
  await step("keys", () => client.workspaces.listKeys(...place));
  await step("cluster", () => client.computeOperations.beginCreateOrUpdateAndWait(...place, "cluster", {
    location: "westeurope",
    properties: { computeType: "AmlCompute", properties: { vmSize: "STANDARD_DS3_V2" } },
  }, soon), c => c.properties.provisioningState === "Succeeded");
  const environment = await step("environment", () => client.environmentVersions.createOrUpdate(
    ...place, "env", "1", { properties: { image: "mcr.microsoft.com/x" } }));
  const store = await step("datastore", () => client.datastores.get(...place, "workspaceblobstore"));
  await step("upload", async () => {
    const host = `https://${store.properties.accountName}.blob.core.windows.net`;
    const container = new BlobServiceClient(host, credential).getContainerClient(store.properties.containerName);
    return container.getBlockBlobClient("src/main.py").upload("print(1)", 8);
  });
  await step("job", () => client.jobs.createOrUpdate(...place, "job", { properties: {
    jobType: "Command", command: "echo hi", environmentId: environment.id,
  } }));
  await step("cancel", () => client.jobs.beginCancelAndWait(...place, "job", soon), () => true);
  await step("jobs", () => names(client.jobs.list(...place)), n => n.includes("job"));
  await step("endpoint", () => client.onlineEndpoints.beginCreateOrUpdateAndWait(...place, "ep", {
    location: "westeurope", properties: { authMode: "Key" },
  }, soon));
  await step("its keys", () => client.onlineEndpoints.listKeys(...place, "ep"), k => k.primaryKey);
}

story();
