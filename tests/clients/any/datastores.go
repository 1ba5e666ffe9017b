// Go's net/http: a login, an environment, and the datastores of a workspace.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

const arm = "https://management.azure.com"

func ask(request *http.Request) map[string]any {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 {
		log.Fatal(answer.Status, string(text))
	}
	var told map[string]any
	if err := json.Unmarshal(text, &told); err != nil {
		log.Fatal(err)
	}
	return told
}

func main() {
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {os.Getenv("AZURE_CLIENT_ID")},
		"client_secret": {os.Getenv("AZURE_CLIENT_SECRET")},
		"scope":         {arm + "/.default"},
	}
	login := "https://login.microsoftonline.com/" + os.Getenv("AZURE_TENANT_ID") + "/oauth2/v2.0/token"
	request, _ := http.NewRequest("POST", login, bytes.NewBufferString(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	token := ask(request)["access_token"].(string)
	workspace := fmt.Sprintf("%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s",
		arm, os.Getenv("AZURE_SUBSCRIPTION_ID"), os.Getenv("AZURE_RESOURCE_GROUP"), os.Getenv("AZML_WORKSPACE"))
	body := bytes.NewBufferString(`{"properties": {"image": "mcr.microsoft.com/x"}}`)
	request, _ = http.NewRequest("PUT", workspace+"/environments/go/versions/1?api-version=2024-04-01", body)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	fmt.Println(ask(request)["name"])
	request, _ = http.NewRequest("GET", workspace+"/datastores?api-version=2024-04-01", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	fmt.Println(len(ask(request)["value"].([]any)), "datastores")
}
