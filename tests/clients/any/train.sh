#!/usr/bin/env bash
# curl and jq: a login, an environment, a job that is waited for.
set -euo pipefail
arm=https://management.azure.com
place=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP
workspace=$place/providers/Microsoft.MachineLearningServices/workspaces/$AZML_WORKSPACE
version=2024-04-01

token=$(curl -sSf "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token" \
  -d grant_type=client_credentials -d client_id="$AZURE_CLIENT_ID" \
  --data-urlencode client_secret="$AZURE_CLIENT_SECRET" \
  -d scope=https://management.azure.com/.default | jq -er .access_token)

ask() { # VERB PATH [BODY]
  curl -sSf -X "$1" "$arm$workspace/$2?api-version=$version" \
    -H "Authorization: Bearer $token" -H "Content-Type: application/json" ${3:+-d "$3"}
}

environment=$(ask PUT environments/any/versions/1 \
  '{"properties": {"image": "mcr.microsoft.com/azureml/base:latest"}}' | jq -er .id)
job=$(jq -n --arg environment "$environment" '{properties: {
  jobType: "Command", command: "echo hello", environmentId: $environment}}')
ask PUT jobs/any-job "$job" | jq -er .properties.status
until status=$(ask GET jobs/any-job | jq -er .properties.status) &&
  [[ $status =~ ^(Completed|Failed|Canceled)$ ]]; do :; done
echo "the job is $status"
